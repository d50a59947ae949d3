import { CyclopsError } from '../../gpu/errors.ts';
import type { Confusion } from './confusion.ts';
import { areaUnderRoc, checkScores, mostAccurate, type Sweep, sweepThresholds } from './sweep.ts';

/**
 * Figures of a detector, from one score per image and whether that image is abnormal (the positive class).
 *
 * Conventions, everywhere in this file:
 * - a higher score means more abnormal, and an image is flagged when score ≥ threshold;
 * - a figure that needs both classes is null when one of them is empty;
 * - a score that is NaN or infinite has no rank worth reporting: CyclopsError.
 */

/** One point of the ROC curve; threshold null is the first point, where nothing is flagged. */
export interface RocPoint {
  falsePositiveRate: number;
  truePositiveRate: number;
  threshold: number | null;
}

/** Counts of both classes over the same bins; bin i covers [edges[i], edges[i + 1]), the last one its end too. */
export interface Histogram {
  edges: number[];
  normal: number[];
  abnormal: number[];
}

/**
 * Area under the ROC curve: the probability that an abnormal image scores above a normal one, ties counting half
 * (the Mann–Whitney statistic with mid-ranks). Exact up to the last division. Null when a class is empty.
 */
export function auroc(scores: readonly number[], abnormal: readonly boolean[]): number | null {
  const sweep = sweepThresholds(scores, abnormal);
  return sweep && areaUnderRoc(sweep);
}

/** The ROC curve from (0, 0) to (1, 1), one point for each distinct score. */
export function rocCurve(sweep: Sweep): RocPoint[] {
  const points = sweep.steps.map((step) => ({
    falsePositiveRate: step.falsePositives / sweep.negatives,
    truePositiveRate: step.truePositives / sweep.positives,
    threshold: step.threshold,
  }));
  return [{ falsePositiveRate: 0, truePositiveRate: 0, threshold: null }, ...points];
}

/**
 * The highest accuracy that any of the scores reaches as threshold; of equally good ones the lowest, which misses
 * least. Null when a class is empty.
 */
export function bestAccuracy(
  scores: readonly number[],
  abnormal: readonly boolean[],
): { accuracy: number; threshold: number } | null {
  const sweep = sweepThresholds(scores, abnormal);
  return sweep && mostAccurate(sweep);
}

/** The highest F1 = 2 TP / (2 TP + FP + FN) likewise. Null when a class is empty. */
export function bestF1(
  scores: readonly number[],
  abnormal: readonly boolean[],
): { f1: number; threshold: number } | null {
  const sweep = sweepThresholds(scores, abnormal);
  if (!sweep) return null;
  let best = { f1: -1, threshold: 0 };
  for (const { truePositives, falsePositives, threshold } of sweep.steps) {
    const f1 = (2 * truePositives) / (truePositives + falsePositives + sweep.positives);
    if (f1 >= best.f1) best = { f1, threshold };
  }
  return best;
}

/** The highest threshold that flags at least this share of the abnormal images. Null when a class is empty. */
export function thresholdAtRecall(
  scores: readonly number[],
  abnormal: readonly boolean[],
  recall: number,
): number | null {
  const sweep = sweepThresholds(scores, abnormal);
  return sweep?.steps.find(({ truePositives }) => truePositives / sweep.positives >= recall)?.threshold ?? null;
}

/**
 * The threshold halfway between the lowest score that `threshold` flags and the next lower one, which flags the same of these images: as far from
 * both as can be, so that new images, or a device that rounds differently, find room on either side. The same where no score is lower.
 */
export function halfwayDown(scores: readonly number[], threshold: number): number {
  const flagged = scores.reduce((least, score) => (score >= threshold ? Math.min(least, score) : least), Infinity);
  const below = scores.reduce((most, score) => (score < threshold ? Math.max(most, score) : most), -Infinity);
  if (!Number.isFinite(flagged) || !Number.isFinite(below)) return threshold;
  const middle = below / 2 + flagged / 2;
  return middle > below ? middle : flagged;
}

/** What the threshold gets right and wrong. Either class may be empty; a threshold of NaN is refused. */
export function confusion(scores: readonly number[], abnormal: readonly boolean[], threshold: number): Confusion {
  checkScores(scores, abnormal);
  if (Number.isNaN(threshold))
    throw new CyclopsError('The threshold is NaN; expected a number to compare scores with.');
  const counts: Confusion = { truePositives: 0, falseNegatives: 0, falsePositives: 0, trueNegatives: 0 };
  scores.forEach((score, i) => {
    const flagged = score >= threshold;
    if (abnormal[i]) counts[flagged ? 'truePositives' : 'falseNegatives']++;
    else counts[flagged ? 'falsePositives' : 'trueNegatives']++;
  });
  return counts;
}

/**
 * Upper end of the one-sided 95 % confidence interval (Clopper–Pearson) for the miss rate, after `missed` of `total`
 * abnormal images were missed: the rate p at which so few misses or fewer have probability 0.05. With no miss it is
 * 1 − 0.05^(1/total). It speaks of new images only if `total` trained and calibrated nothing. Needs total ≥ 1.
 */
export function missRateUpperBound(missed: number, total: number): number {
  if (missed >= total) return 1;
  let low = 0;
  let high = 1;
  for (let i = 0; i < 60; i++) {
    const rate = (low + high) / 2;
    if (binomialCdf(missed, total, rate) > 0.05) low = rate;
    else high = rate;
  }
  return (low + high) / 2;
}

/**
 * Abnormal images that must calibrate for a zero-false-negative threshold to promise, with 95 % confidence, a miss rate of
 * at most `bound`: the least n with 1 − 0.05^(1/n) ≤ bound.
 */
export function abnormalsForBound(bound: number): number {
  return Math.ceil(Math.log(0.05) / Math.log1p(-bound));
}

/** P(X ≤ k) for X ~ Binomial(n, p) with 0 < p < 1, in logarithms so that large n do not underflow. */
function binomialCdf(k: number, n: number, p: number): number {
  let logTerm = n * Math.log1p(-p);
  let sum = Math.exp(logTerm);
  for (let i = 0; i < k; i++) {
    logTerm += Math.log(((n - i) / (i + 1)) * (p / (1 - p)));
    sum += Math.exp(logTerm);
  }
  return sum;
}

/**
 * Scores of both classes over the same equal bins, wide enough to hold `thresholds` too, so that they can be drawn on
 * the same axis. Null when there is no score.
 */
export function scoreHistogram(
  scores: readonly number[],
  abnormal: readonly boolean[],
  thresholds: readonly number[] = [],
  bins = 24,
): Histogram | null {
  checkScores(scores, abnormal);
  if (scores.length === 0) return null;
  const values = [...scores, ...thresholds];
  const lowest = values.reduce((a, b) => Math.min(a, b));
  const span = values.reduce((a, b) => Math.max(a, b)) - lowest;
  // One single value still needs a bin with a width.
  const width = span > 0 ? span / bins : Math.max(Math.abs(lowest), 1) / bins;
  const edges = Array.from({ length: bins + 1 }, (_, i) => lowest + i * width);
  const histogram = { edges, normal: new Array<number>(bins).fill(0), abnormal: new Array<number>(bins).fill(0) };
  scores.forEach((score, i) => {
    const bin = Math.min(bins - 1, Math.floor((score - lowest) / width));
    const counts = abnormal[i] ? histogram.abnormal : histogram.normal;
    counts[bin] = (counts[bin] ?? 0) + 1;
  });
  return histogram;
}
