import { describe, expect, it } from 'vitest';
import { combine, fitCombination } from '../../../src/anomaly/calibration/combination.ts';
import { auroc } from '../../../src/anomaly/metrics/classification.ts';
import type { Label } from '../../../src/data/datasets/dataset.ts';
import { expectRefusal } from '../../data/support.ts';

/** Every third image is abnormal, and the scores, on scales of their own, say so more or less. */
const abnormal = Array.from({ length: 24 }, (_, i) => i % 3 === 0);
const labels = abnormal.map((is): Label => (is ? 'abnormal' : 'normal'));
const scores = abnormal.map((is, i) => ({
  a: Math.sin(1.7 * i) + (is ? 0.8 : 0),
  b: 100 * Math.cos(2.3 * i) + (is ? 60 : 0),
  c: 0.001 * Math.sin(0.9 * i + 1),
}));

describe('fitCombination', () => {
  it.each([
    [1, [0.6453777041393011, 0.5310527970981118, -0.007302721996615884, -0.12474571910827278]],
    [30, [0.10834276107513971, 0.08641669701399965, 0.005259521861184303, -0.019024717941969152]],
  ])('with a penalty of %i finds the minimum that gradient descent finds in float64', (penalty, expected) => {
    const { weights, bias, means, sds } = fitCombination(scores, labels, penalty);
    // Plain descent with momentum in Python, of the objective in the docstring, until the gradient was below 1e-14.
    for (const [i, value] of [weights.a, weights.b, weights.c, bias].entries())
      expect(value).toBeCloseTo(expected[i] ?? 0, 9);
    expect(means.b).toBeCloseTo(20.71491881663798, 10);
    expect(sds.b).toBeCloseTo(73.74664672349158, 10);
  });

  it('gives the same bits again, whatever the scale of a score', () => {
    const fitted = fitCombination(scores, labels, 1);
    expect(fitCombination(scores, labels, 1)).toEqual(fitted);
    const scaled = fitCombination(
      scores.map(({ a, ...rest }) => ({ ...rest, a: 1024 * a })),
      labels,
      1,
    );
    expect(scaled.weights.a).toBeCloseTo(fitted.weights.a ?? 0, 9);
  });

  it('tells the images apart better than each of the scores', () => {
    const fitted = fitCombination(scores, labels, 1);
    const area = (column: number[]) => auroc(column, abnormal) ?? 0;
    const together = area(scores.map((own) => combine(fitted, own)));
    for (const name of ['a', 'b', 'c'] as const) expect(together).toBeGreaterThan(area(scores.map((own) => own[name])));
  });

  it('stays finite where the classes are apart, scores repeat, or one does not vary', () => {
    const apart = abnormal.map((is, i) => ({ x: is ? 1e6 + i : i, twin: is ? 1e6 + i : i, constant: 0.1 }));
    const { weights, bias, sds } = fitCombination(apart, labels, 1);
    expect(Number.isFinite(bias)).toBe(true);
    expect(weights.x).toBeGreaterThan(0.5);
    expect(weights.twin).toBeCloseTo(weights.x ?? 0, 9);
    expect(weights.constant).toBeCloseTo(0, 12);
    expect(sds.constant).toBe(1);
  });

  it('refuses a class without images, a label too few, and scores that are none', () => {
    expectRefusal(() => fitCombination(scores.slice(0, 1), ['abnormal'], 1), '0 normal and 1 abnormal');
    expectRefusal(() => fitCombination(scores, labels.slice(1), 1), '24 images');
    expectRefusal(() => fitCombination([], [], 1), '0 normal and 0 abnormal');
    expectRefusal(
      () => fitCombination(scores.with(3, { a: 1, b: Number.NaN, c: 0 }), labels, 1),
      'Score b of image 4 is NaN',
    );
  });
});

it('combine weighs standardised scores, and refuses to go without one', () => {
  const combination = { weights: { a: 2, b: -1 }, bias: 0.5, means: { a: 1, b: 0 }, sds: { a: 2, b: 4 } };
  expect(combine(combination, { a: 4, b: 2, other: 9 })).toBe(0.5 + 3 - 0.5);
  expectRefusal(() => combine(combination, { a: 4 }), 'Score b', 'missing');
});
