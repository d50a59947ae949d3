import type { Sweep } from './sweep.ts';

/** One point of the precision–recall curve; threshold null is the first point, where nothing is flagged. */
export interface PrecisionRecallPoint {
  /** Share of the abnormal images that are flagged. */
  recall: number;
  /** Share of the flagged images that are abnormal. */
  precision: number;
  threshold: number | null;
}

/**
 * The precision–recall curve from recall 0 up, one point for each distinct score; its first point has precision 1, as in
 * scikit-learn. Precision depends on how many of the images are abnormal.
 */
export function precisionRecallCurve(sweep: Sweep): PrecisionRecallPoint[] {
  const points = sweep.steps.map(({ threshold, truePositives, falsePositives }) => ({
    recall: truePositives / sweep.positives,
    precision: truePositives / (truePositives + falsePositives),
    threshold,
  }));
  return [{ recall: 0, precision: 1, threshold: null }, ...points];
}
