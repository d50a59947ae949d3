import { AVERAGE } from '../../src/anomaly/calibration/average.ts';
import { type Calibration, DEFAULT_RULE, type Rule } from '../../src/anomaly/calibration/calibration.ts';
import { combine } from '../../src/anomaly/calibration/combination.ts';
import type { FoldScores } from '../../src/anomaly/calibration/fold-scores.ts';
import { chooseThresholds } from '../../src/anomaly/calibration/thresholds.ts';
import { auroc, thresholdAtRecall } from '../../src/anomaly/metrics/classification.ts';
import { mean } from '../../src/anomaly/metrics/mean.ts';
import { scoreNamed } from '../../src/anomaly/scores/list.ts';
import { wholeGroups } from '../../src/data/datasets/groups.ts';
import { shuffled } from '../../src/data/datasets/shuffle.ts';

/** The folds of every study, so that three fifths of the objects of one are a fifth of the training part, as many as calibrate a run. */
export const FOLDS = 3;
const CALIBRATING_SHARE = 0.6;

/** How much of what is abnormal a threshold in hindsight may miss. */
export const MISSED = 0.03;

/** Rules for a threshold that are compared. */
export const RULES: readonly Rule[] = ['zfn', DEFAULT_RULE, 'zfn+0.2', 'zfn+0.3', 'recall=0.95'];

type FoldImage = FoldScores['images'][number];
type HeldOutImage = FoldImage & { scores: Record<string, number> };

/** How a score tells the images of each fold apart. */
export interface HeldOutScore {
  name: string;
  /** Of each fold. */
  aurocs: number[];
  /** The share of its normal images that is flagged where {@link MISSED} of the abnormal ones are missed, likewise. */
  falseAlarms: number[];
}

/** What each score says of images that its networks did not learn from, fold by fold. */
export function scoresOfFolds(images: readonly FoldImage[]): HeldOutScore[] {
  const folds = byFold(images);
  const names = Object.keys(folds[0]?.[0]?.scores ?? {});
  return names.map((name) => ({
    name,
    aurocs: folds.map((own) => auroc(columnOf(own, name), own.map(isAbnormal)) ?? Number.NaN),
    falseAlarms: folds.map((own) => falseAlarmsOf(columnOf(own, name), own.map(isAbnormal))),
  }));
}

function byFold(images: readonly FoldImage[]): HeldOutImage[][] {
  const scored = images.flatMap(({ scores, ...image }) => (scores ? [{ ...image, scores }] : []));
  return Array.from({ length: FOLDS }, (_, i) => scored.filter(({ fold }) => fold === i + 1));
}

const isAbnormal = ({ label }: { label: string }) => label === 'abnormal';

function columnOf(images: readonly HeldOutImage[], name: string): number[] {
  return images.map(({ scores }) => scores[name] ?? Number.NaN);
}

function falseAlarmsOf(scores: readonly number[], abnormal: readonly boolean[]): number {
  const threshold = thresholdAtRecall(scores, abnormal, 1 - MISSED) ?? Number.NaN;
  const normal = scores.filter((_, i) => !abnormal[i]);
  return normal.filter((score) => score >= threshold).length / normal.length;
}

/** What a rule does to images that neither trained nor calibrated. */
export interface RuleOutcome {
  rule: Rule;
  /** Of the abnormal images, the share that is missed. */
  missed: number;
  /** Of the normal ones, the share that is flagged. */
  flagged: number;
}

/**
 * Draws objects of a fold that choose score and threshold, judges the others of it, and counts.
 *
 * @param aupro of the maps, fold by fold; null for images without masks
 * @returns the outcome of each of {@link RULES}, and how many abnormal objects calibrated in the mean; draws without both classes on
 * either side are left out, and without any the shares are NaN
 */
export function outcomesOfRules(
  images: readonly FoldImage[],
  aupro: readonly (Readonly<Record<string, number>> | null)[],
  draws: number,
): { outcomes: RuleOutcome[]; objects: number } {
  const counts = RULES.map(() => ({ missed: 0, flagged: 0 }));
  const judgedImages = { abnormal: 0, normal: 0 };
  const objects: number[] = [];
  byFold(images).forEach((own, fold) => {
    for (let draw = 0; draw < draws; draw++) {
      const [calibrating, judged] = drawn(own, draw);
      if (![calibrating, judged].every(hasBoth)) continue;
      objects.push(new Set(wholeGroups(calibrating.filter(isAbnormal)).values()).size);
      judgedImages.abnormal += judged.filter(isAbnormal).length;
      judgedImages.normal += judged.filter((image) => !isAbnormal(image)).length;
      RULES.forEach((rule, i) => {
        const count = counts[i];
        if (count) countMistakes(calibrate(calibrating, rule, aupro[fold] ?? null), judged, count);
      });
    }
  });
  const outcomes = RULES.map((rule, i) => ({
    rule,
    missed: (counts[i]?.missed ?? 0) / judgedImages.abnormal,
    flagged: (counts[i]?.flagged ?? 0) / judgedImages.normal,
  }));
  return { outcomes, objects: mean(objects) };
}

function drawn(images: readonly HeldOutImage[], seed: number): [HeldOutImage[], HeldOutImage[]] {
  const objects = shuffled([...new Set(wholeGroups(images).values())], seed);
  const calibrating = objects.slice(0, Math.round(CALIBRATING_SHARE * objects.length)).flat();
  return [calibrating, images.filter((image) => !calibrating.includes(image))];
}

function hasBoth(images: readonly HeldOutImage[]): boolean {
  return images.some(isAbnormal) && !images.every(isAbnormal);
}

function calibrate(
  images: readonly HeldOutImage[],
  rule: Rule,
  aupro: Readonly<Record<string, number>> | null,
): Calibration {
  const infos = Object.keys(images[0]?.scores ?? {}).flatMap((name) => scoreNamed(name)?.info ?? []);
  return chooseThresholds(images, infos, { rule, chosenOn: 'calibration', dataHash: null }, aupro);
}

function countMistakes(
  { chosen, average, scores }: Calibration,
  judged: readonly HeldOutImage[],
  count: { missed: number; flagged: number },
): void {
  const threshold = scores[chosen]?.threshold.value ?? Number.NaN;
  for (const image of judged) {
    const score =
      chosen === AVERAGE.name && average
        ? combine(average.combination, image.scores)
        : (image.scores[chosen] ?? Number.NaN);
    if (isAbnormal(image) && score < threshold) count.missed++;
    if (!isAbnormal(image) && score >= threshold) count.flagged++;
  }
}
