import { expect, test } from 'vitest';
import { precisionRecallCurve } from '../../../src/anomaly/metrics/precision-recall.ts';
import {
  areaUnderRoc,
  averagePrecision,
  flaggedFrom,
  rank,
  sweepRanking,
  sweepThresholds,
} from '../../../src/anomaly/metrics/sweep.ts';

/*
 * Figures of scikit-learn 1.2.1: precision_recall_curve, average_precision_score and roc_auc_score, the latter two also with
 * sample_weight.
 */
const abnormal = [0, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 0].map(Boolean);
const scores = [0.1, 0.4, 0.35, 0.8, 0.65, 0.9, 0.4, 0.4, 0.2, 0.8, 0.05, 0.65];
const weights = [2, 0, 1, 1, 3, 0, 1, 2, 0, 1, 1, 0];

test('the curve is that of scikit-learn, ties included', () => {
  const sweep = sweepThresholds(scores, abnormal);
  const curve = sweep ? precisionRecallCurve(sweep) : [];
  const precision = [
    1, 1, 0.6666666666666666, 0.6, 0.5, 0.5555555555555556, 0.5, 0.45454545454545453, 0.4166666666666667,
  ];
  expect(curve.map((point) => point.precision)).toEqual(precision);
  expect(curve.map((point) => point.recall)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1, 1, 1, 1]);
  expect(curve.map((point) => point.threshold)).toEqual([null, 0.9, 0.8, 0.65, 0.4, 0.35, 0.2, 0.1, 0.05]);
});

test('average precision and area are those of scikit-learn, with weights too', () => {
  const ranking = rank(scores, abnormal);
  const figures = [sweepRanking(ranking), sweepRanking(ranking, weights)].map(
    (sweep) => sweep && [areaUnderRoc(sweep), averagePrecision(sweep)],
  );
  const expected = [
    [0.7428571428571429, 0.6644444444444444],
    [0.7571428571428571, 0.7396825396825397],
  ];
  figures.flat().forEach((figure, i) => {
    expect(figure).toBeCloseTo(expected.flat()[i] ?? Number.NaN, 14);
  });
});

test('weights count as repeated images, whatever their place in a tie', () => {
  const repeated = weights.flatMap((weight, i) => Array<number>(weight).fill(i));
  const again = rank(
    repeated.map((i) => scores[i] ?? Number.NaN),
    repeated.map((i) => abnormal[i] ?? false),
  );
  expect(sweepRanking(rank(scores, abnormal), weights)).toEqual(sweepRanking(again));
});

test('a threshold between scores, above and below all of them', () => {
  const sweep = sweepRanking(rank(scores, abnormal));
  const flagged = [1, 0.7, 0.65, 0].map((threshold) => sweep && flaggedFrom(sweep, threshold));
  expect(flagged.map((step) => [step?.truePositives, step?.falsePositives])).toEqual([
    [0, 0],
    [2, 1],
    [3, 2],
    [5, 7],
  ]);
});

test('a class without images, or without weight, has no curve', () => {
  expect(sweepThresholds([1, 2], [true, true])).toBeNull();
  expect(sweepThresholds([], [])).toBeNull();
  expect(sweepRanking(rank([1, 2], [true, false]), [1, 0])).toBeNull();
});
