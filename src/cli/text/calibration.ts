import { AVERAGE } from '../../anomaly/calibration/average.ts';
import { CALIBRATION_SOURCES, type Calibration, missesNone } from '../../anomaly/calibration/calibration.ts';
import { COMBINED, COMBINED_LEAST } from '../../anomaly/calibration/cross-combination.ts';
import { expectedHotShare, type HeatmapCalibration } from '../../anomaly/calibration/heatmap-scale.ts';
import { tradeOffText } from '../../anomaly/calibration/trade-off.ts';
import { checkLearned, learnedLines } from '../../anomaly/evaluation/learned.ts';
import { abnormalsForBound, missRateUpperBound } from '../../anomaly/metrics/classification.ts';

/** Fewer objects of a class say little of others, however many images show them: on held-out objects eight were enough (bench/NOTES.md). */
const FEW_OBJECTS = 8;

/** A score of the generators, which all networks together have. */
const PAPERS = 'sse';

/** Bounds of the miss rate that people ask for. */
const STRICTER = [0.05, 0.01];

/** What calibration chose, and what may be expected of it. */
export function calibrationText(calibration: Calibration): string {
  const { chosen, chosenOn, counts, objects, scores, rule, heatmap, average } = calibration;
  const entry = scores[chosen];
  if (!entry) throw new Error(`The calibration has no score ${chosen}.`);
  const { threshold, auroc } = entry;
  const lines = [
    `Chosen on ${CALIBRATION_SOURCES[chosenOn].images} (${counts.normal} normal, ${counts.abnormal} abnormal images): score ${chosen}, AUROC ` +
      `${auroc.toFixed(3)} there; threshold ${threshold.value} (${threshold.rule === 'given' ? 'given by --threshold' : rule}).`,
    ...(calibration.tradeOff && threshold.rule !== 'given' ? [tradeOffText(calibration.tradeOff, counts)] : []),
    ...madeLines(calibration),
    ...(chosenOn === 'folds' && !Object.hasOwn(scores, PAPERS)
      ? [
          'Folds trained the segmenter alone: scores of the other networks have no threshold, and take no part in deciding. How well the generators learned, evaluate tells.',
        ]
      : []),
  ];
  const { caveat } = CALIBRATION_SOURCES[chosenOn];
  if (caveat) lines.push(caveat);
  if (chosenOn !== 'train' && missesNone(threshold.rule)) {
    lines.push(...zeroMisses(counts.abnormal, objects.abnormal));
    if (average?.scores.includes(COMBINED.name)) {
      lines.push(
        'Each image was judged by a combination that was fitted without it. New images are judged by one that was fitted on all, so for them these rates hold only approximately.',
      );
    }
  }
  if (heatmap) {
    lines.push(
      `Heat maps show ${heatmap.map}${reasonOf(heatmap)}: a pixel above ${Number(heatmap.threshold.toPrecision(3))} is hot; of normal images like these ${heatmap.images} at most ` +
        `${percent(expectedHotShare(heatmap))} have one.`,
    );
  }
  lines.push(...learnedLines(checkLearned(calibration)));
  return `${lines.join('\n')}\n`;
}

/** Why heat maps show this map, where masks were looked at. */
function reasonOf({ map, aupro }: HeatmapCalibration): string {
  const own = aupro?.[map];
  return own === undefined ? '' : ` (AUPRO ${own.toFixed(3)} there)`;
}

/** What a new calibration changes. */
export function changeText(before: Calibration, now: Calibration): string {
  const [old, own] = [before, now].map(({ chosen, scores }) => ({
    score: chosen,
    value: scores[chosen]?.threshold.value,
  }));
  if (old?.score === own?.score && old?.value === own?.value) {
    return 'Nothing changed: score and threshold are those that the run had before.\n';
  }
  return `Before: score ${old?.score}, threshold ${old?.value}.\n`;
}

/** What the score that decides is made of, and how good the combination of all would be by itself. */
function madeLines({ chosen, average, combination, scores }: Calibration): string[] {
  const equal = (average?.scores ?? []).filter((name) => name !== COMBINED.name);
  const area = scores[COMBINED.name]?.auroc;
  const halves = average?.scores.includes(COMBINED.name);
  const mean =
    equal.length > 1 ? `the mean of ${equal.length} scores that these images cannot tell apart` : 'one score';
  return [
    ...(chosen === AVERAGE.name
      ? [
          `It is ${halves ? 'made of two halves, in standard deviations of normal images: ' : ''}${mean} (${equal.join(', ')})` +
            `${halves ? ', and the combination of all scores' : ', each in standard deviations of normal images'}.`,
        ]
      : []),
    combination && area !== undefined
      ? `${halves ? 'That combination' : 'A combination of all scores'} has AUROC ${area.toFixed(3)} on images that it was not fitted on.`
      : `Scores were not combined: that takes at least ${COMBINED_LEAST} normal and ${COMBINED_LEAST} abnormal images to calibrate, of two objects each.`,
  ];
}

/** How more objects could choose, where a training put few aside; nothing where it put enough aside, or none. */
export function fewObjectsText({ chosenOn, objects: { normal, abnormal } }: Calibration): string {
  if (chosenOn !== 'calibration' || Math.min(normal, abnormal) >= FEW_OBJECTS) return '';
  return (
    `${normal} normal and ${abnormal} abnormal objects are few to choose by. With --folds, which takes at most as many as there are objects of a class, all ` +
    'that train choose too. With --netD unet three folds and the training take little more than twice as long.\n'
  );
}

/** What zero misses among the abnormal images of n objects promise of new objects. */
function zeroMisses(images: number, n: number): string[] {
  const bound = missRateUpperBound(0, n);
  const needed = STRICTER.filter((wanted) => bound > wanted).map(
    (wanted) => `${abnormalsForBound(wanted) - n} more for ${percent(wanted)}`,
  );
  const counted =
    n === images
      ? `No miss among n = ${n} abnormal images, each taken for an object of its own.`
      : `No miss among ${images} abnormal images of n = ${n} objects. Objects count, and one is missed if any abnormal image of it passes.`;
  return [
    `${counted} If new ones are like them, the miss rate is at most ${percent(bound)} with 95 % confidence (1 − 0.05^(1/n)), and at ` +
      `most ${percent(1 / (n + 1))} on average (1/(n + 1)).`,
    ...(needed.length > 0 ? [`A stricter bound needs more abnormal objects to calibrate: ${needed.join(', ')}.`] : []),
  ];
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}
