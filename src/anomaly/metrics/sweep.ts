import { CyclopsError } from '../../gpu/errors.ts';
import { type Confusion, ratesOf } from './confusion.ts';

/** What is flagged with each distinct score as the threshold. Images may have weights, such as how often a resample draws them. */
export interface Sweep {
  /** Total weight of the abnormal and of the normal images; neither is 0. */
  positives: number;
  negatives: number;
  /** From the highest threshold down. */
  steps: SweepStep[];
}

interface SweepStep {
  threshold: number;
  truePositives: number;
  falsePositives: number;
}

/** Images in order of their scores, highest first. */
export type Ranking = readonly { index: number; score: number; abnormal: boolean }[];

/** @throws CyclopsError for a score that is NaN or infinite: it has no rank worth reporting */
export function checkScores(scores: readonly number[], abnormal: readonly boolean[]): void {
  if (scores.length !== abnormal.length) {
    throw new RangeError(`${scores.length} scores but ${abnormal.length} labels: expected one label for each score.`);
  }
  const index = scores.findIndex((score) => !Number.isFinite(score));
  if (index >= 0) {
    throw new CyclopsError(
      `Score ${index} of ${scores.length} is ${scores[index]}, and metrics need finite numbers. ` +
        'Look at the image behind it and at the weights of the model: NaN in either gives this.',
    );
  }
}

export function rank(scores: readonly number[], abnormal: readonly boolean[]): Ranking {
  checkScores(scores, abnormal);
  const ranked = scores.map((score, index) => ({ index, score, abnormal: abnormal[index] === true }));
  return ranked.sort((a, b) => b.score - a.score);
}

/** Null when a class is empty. */
export function sweepThresholds(scores: readonly number[], abnormal: readonly boolean[]): Sweep | null {
  return sweepRanking(rank(scores, abnormal));
}

/**
 * @param weights of the images, by index; 1 each if left out
 * @returns null when a class has no weight
 */
export function sweepRanking(ranking: Ranking, weights?: ArrayLike<number>): Sweep | null {
  const steps: SweepStep[] = [];
  let truePositives = 0;
  let falsePositives = 0;
  let pending = 0;
  ranking.forEach(({ index, score, abnormal }, i) => {
    const weight = weights ? (weights[index] ?? 0) : 1;
    if (abnormal) truePositives += weight;
    else falsePositives += weight;
    pending += weight;
    // Equal scores fall on the same side of every threshold, so they make one step.
    if (pending === 0 || ranking[i + 1]?.score === score) return;
    steps.push({ threshold: score, truePositives, falsePositives });
    pending = 0;
  });
  if (truePositives === 0 || falsePositives === 0) return null;
  return { positives: truePositives, negatives: falsePositives, steps };
}

/** The area under the ROC curve, exact up to the last division. */
export function areaUnderRoc({ steps, positives, negatives }: Sweep): number {
  let doubledArea = 0;
  let previous = { truePositives: 0, falsePositives: 0 };
  for (const step of steps) {
    doubledArea += (step.falsePositives - previous.falsePositives) * (step.truePositives + previous.truePositives);
    previous = step;
  }
  return doubledArea / (2 * positives * negatives);
}

/** The sum over the steps of the recall that each adds, times its precision. */
export function averagePrecision({ steps, positives }: Sweep): number {
  let sum = 0;
  let before = 0;
  for (const { truePositives, falsePositives } of steps) {
    sum += ((truePositives - before) * truePositives) / (truePositives + falsePositives);
    before = truePositives;
  }
  return sum / positives;
}

/** What a threshold, which need not be a score, flags. */
export function flaggedFrom({ steps }: Sweep, threshold: number): Omit<SweepStep, 'threshold'> {
  return steps.findLast((step) => step.threshold >= threshold) ?? { truePositives: 0, falsePositives: 0 };
}

/** The counts at a threshold, which need not be a score. */
export function confusionAt(sweep: Sweep, threshold: number): Confusion {
  const { truePositives, falsePositives } = flaggedFrom(sweep, threshold);
  return {
    truePositives,
    falseNegatives: sweep.positives - truePositives,
    falsePositives,
    trueNegatives: sweep.negatives - falsePositives,
  };
}

/** The highest accuracy; of equally good thresholds the lowest, which misses least. */
export function mostAccurate({ steps, positives, negatives }: Sweep): { accuracy: number; threshold: number } {
  let best = { right: -1, threshold: 0 };
  for (const step of steps) {
    const right = step.truePositives + negatives - step.falsePositives;
    if (right >= best.right) best = { right, threshold: step.threshold };
  }
  return { accuracy: best.right / (positives + negatives), threshold: best.threshold };
}

/**
 * Zero false negatives: the highest threshold that misses no abnormal image, which is the smallest abnormal score, with accuracy
 * and specificity there.
 */
export function withoutMiss(sweep: Sweep): { threshold: number; accuracy: number; specificity: number } {
  const step = sweep.steps.find(({ truePositives }) => truePositives === sweep.positives);
  if (!step) throw new RangeError('Expected a sweep down to the lowest score, which flags every image.');
  const { accuracy, specificity } = ratesOf(confusionAt(sweep, step.threshold));
  return { threshold: step.threshold, accuracy, specificity };
}
