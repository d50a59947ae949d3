import { LABELS } from '../../data/datasets/dataset.ts';
import { countObjects } from '../../data/datasets/groups.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { auroc, bestAccuracy, bestF1, halfwayDown, thresholdAtRecall } from '../metrics/classification.ts';
import { isOfManyPixels } from '../scores/list.ts';
import type { ScoreInfo } from '../scores/score.ts';
import { type ScoredImage, scoreColumn } from '../scores/scored-image.ts';
import { AVERAGE, averageOf } from './average.ts';
import { chooseBaseline } from './baseline.ts';
import {
  CALIBRATION_SOURCES,
  type Calibration,
  type Choice,
  missesNone,
  type Rule,
  recallIn,
  spareIn,
} from './calibration.ts';
import { COMBINED, COMBINED_LEAST, crossCombination } from './cross-combination.ts';
import { equalScores, isEqual, leadingScore, leadsAlone } from './score-choice.ts';
import { tradeOff } from './trade-off.ts';

/**
 * Chooses a threshold for each score by the rule, and the score that decides: the average ({@link averageOf}) of the leading score
 * ({@link leadingScore}), of those that these images cannot tell from it ({@link equalScores}), and of the combination of all scores, if they
 * cannot tell that from it either, as far as there are enough images for them.
 *
 * @param aupro of maps on these images; null where it is not known @throws CyclopsError if either class is empty
 */
export function chooseThresholds(
  images: readonly ScoredImage[],
  infos: readonly ScoreInfo[],
  choice: Choice,
  aupro: Readonly<Record<string, number>> | null = null,
): Calibration {
  const labelled = images.filter((image) => image.label !== null);
  const abnormal = labelled.map((image) => image.label === 'abnormal');
  const abnormalCount = abnormal.filter(Boolean).length;
  const counts = { normal: labelled.length - abnormalCount, abnormal: abnormalCount };
  const columns = new Map(infos.map(({ name }) => [name, scoreColumn(labelled, name)]));
  const scores: Calibration['scores'] = {};
  for (const [name, column] of columns) scores[name] = judge(column, abnormal, choice, counts);
  const areas = new Map(Object.entries(scores).map(([name, { auroc: area }]) => [name, area]));
  // Where masks tell what a defect is, a segmenter finds it by its hottest pixels, whatever a few images say of more (bench/NOTES.md).
  const candidates = new Map([...areas].filter(([name]) => aupro === null || !isOfManyPixels(name)));
  const objects = countObjects(labelled);
  const leading = leadingScore(candidates, objects, aupro);
  if (leading === null) throw new RangeError('Choosing a threshold needs at least one score.');
  const combined = crossCombination(labelled, columns);
  if (combined) scores[COMBINED.name] = judge(combined.outOfFold, abnormal, choice, counts);
  const fewest = Math.min(...LABELS.map((label) => objects[label]));
  const equal = equalScores(leading, candidates, counts, fewest);
  const areaOf = (name: string) => scores[name]?.auroc ?? Number.NaN;
  const half =
    combined && !leadsAlone(leading, fewest) && isEqual(areaOf(COMBINED.name), areaOf(leading), counts)
      ? combined
      : null;
  const averaged = LABELS.every((label) => counts[label] >= COMBINED_LEAST) && (equal.length > 1 || half !== null);
  const members = new Map(equal.map((name) => [name, columns.get(name) ?? []]));
  const average = averaged
    ? averageOf(
        members,
        abnormal.map((is) => !is),
        half,
      )
    : null;
  if (average) scores[AVERAGE.name] = judge(average.column, abnormal, choice, counts);
  const chosen = average ? AVERAGE.name : leading;
  const decisive = average?.column ?? columns.get(leading) ?? [];
  return {
    ...choice,
    chosen,
    counts,
    objects,
    scores,
    combination: combined?.combination ?? null,
    ...(average && { average: { scores: average.scores, combination: average.combination } }),
    tradeOff: tradeOff(decisive, abnormal, scores[chosen]?.threshold.value ?? Number.NaN),
    baseline: chooseBaseline(labelled),
  };
}

function judge(
  column: readonly number[],
  abnormal: readonly boolean[],
  { rule, chosenOn }: Choice,
  counts: Calibration['counts'],
): Calibration['scores'][string] {
  const area = auroc(column, abnormal);
  const value = thresholdBy(rule, column, abnormal);
  if (area !== null && value !== null) return { auroc: area, threshold: { value, rule, chosenOn } };
  throw new CyclopsError(
    `Choosing a threshold needs normal and abnormal images; ${CALIBRATION_SOURCES[chosenOn].images} has ${counts.normal} normal and ` +
      `${counts.abnormal} abnormal ones. Add images to the empty class.`,
  );
}

function thresholdBy(rule: Rule, scores: readonly number[], abnormal: readonly boolean[]): number | null {
  const best = bestScore(rule, scores, abnormal);
  return best === null ? null : halfwayDown(scores, best);
}

/** Of all scores, the best one as a threshold. */
function bestScore(rule: Rule, scores: readonly number[], abnormal: readonly boolean[]): number | null {
  if (missesNone(rule)) return highestWithoutMiss(scores, abnormal, spareIn(rule));
  if (rule === 'max-f1') return bestF1(scores, abnormal)?.threshold ?? null;
  if (rule === 'max-accuracy') return bestAccuracy(scores, abnormal)?.threshold ?? null;
  return thresholdAtRecall(scores, abnormal, recallIn(rule));
}

/** The highest score that misses no abnormal image as a threshold, or the lowest that flags no more than this share of the normal images. */
function highestWithoutMiss(scores: readonly number[], abnormal: readonly boolean[], spare: number): number | null {
  const highest = thresholdAtRecall(scores, abnormal, 1);
  if (highest === null) return null;
  const normal = scores.filter((_, i) => !abnormal[i]).sort((a, b) => b - a);
  // The first that may not be flagged; images of one score are flagged together or not at all.
  const unflagged = normal[Math.floor(spare * normal.length + 1e-9)] ?? -Infinity;
  return normal.reduce((lowest, score) => (score > unflagged ? Math.min(lowest, score) : lowest), highest);
}
