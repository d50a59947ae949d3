import { expect, test } from 'vitest';
import { lossCurves } from '../../../src/report/parts/loss-curves.ts';

test('short runs are kept point by point, each loss on its own', () => {
  const points = [3, 1, 2].map((loss, i) => ({ step: i * 10, losses: { G: loss, D: -loss } }));
  expect(lossCurves(points)).toEqual([
    { name: 'G', steps: [0, 10, 20], mean: [3, 1, 2], low: [3, 1, 2], high: [3, 1, 2] },
    { name: 'D', steps: [0, 10, 20], mean: [-3, -1, -2], low: [-3, -1, -2], high: [-3, -1, -2] },
  ]);
});

test('long runs become stretches of equal length, without what is not finite', () => {
  const points = Array.from({ length: 5001 }, (_, i) => ({ step: i, losses: { D: i % 7 === 0 ? Number.NaN : i } }));
  const [curve] = lossCurves(points);
  expect(curve?.steps.length).toBeLessThanOrEqual(120);
  expect(curve?.steps.length).toBeGreaterThan(100);
  // Losses equal their steps here, so the first 36 finite ones are 1 to 41 without multiples of 7.
  const first = Array.from({ length: 41 }, (_, i) => i + 1).filter((step) => step % 7 !== 0);
  const mean = first.reduce((sum, step) => sum + step, 0) / first.length;
  expect([curve?.low[0], curve?.high[0], curve?.mean[0], curve?.steps[0]]).toEqual([1, 41, mean, mean]);
});

test('a loss that was never finite has an empty curve', () => {
  expect(lossCurves([{ step: 1, losses: { D: Number.NaN } }])).toEqual([
    { name: 'D', steps: [], mean: [], low: [], high: [] },
  ]);
});
