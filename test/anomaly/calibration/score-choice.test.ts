import { describe, expect, it } from 'vitest';
import { leadingScore, standardError } from '../../../src/anomaly/calibration/score-choice.ts';

const choose = (areas: Record<string, number>, counts = { normal: 20, abnormal: 10 }) =>
  leadingScore(new Map(Object.entries(areas)), counts);

describe('leadingScore', () => {
  it('takes the highest AUROC, and of equal ones the first', () => {
    expect(choose({ sse: 0.8, dn: 0.9, l1: 0.9 })).toBe('dn');
    expect(choose({})).toBeNull();
  });

  it('prefers what a segmenter says of pixels, unless another is better by more than two standard errors', () => {
    const error = standardError(0.7, { normal: 20, abnormal: 10 });
    expect(choose({ sse: 0.7 + 1.9 * error, 'dn_pixels.top1': 0.7, 'dn_pixels.mean': 0.5 })).toBe('dn_pixels.top1');
    expect(choose({ sse: 0.7 + 2.1 * error, 'dn_pixels.top1': 0.7 })).toBe('sse');
    expect(choose({ sse: 1, 'dn_pixels.max': 0.99 })).toBe('dn_pixels.max');
    expect(choose({ sse: 1, 'dn_pixels.max': 0.5, 'dn_pixels.top5': 1 })).toBe('dn_pixels.top5');
    expect(choose({ sse: 1, 'dn_pixels.max': 0.5 })).toBe('sse');
  });
});

it('of two maps of a segmenter, takes the one that finds defects better, however lucky the other', () => {
  const areas = new Map([
    ['dn_pixels.top1', 1],
    ['dn_pixels_change.max', 0.9],
    ['dn_pixels_change.mean', 0.95],
  ]);
  const counts = { normal: 20, abnormal: 10 };
  const chosen = (aupro: Record<string, number> | null) => leadingScore(areas, counts, aupro);
  expect(chosen({ residual5: 0.9, dn_pixels: 0.6, dn_pixels_change: 0.7 })).toBe('dn_pixels_change.mean');
  expect(chosen({ residual5: 0.9, dn_pixels: 0.7, dn_pixels_change: 0.7 })).toBe('dn_pixels.top1');
  expect(chosen(null)).toBe('dn_pixels.top1');
});

/** The variance of the area of many draws from two normal distributions, which for this area are a distance apart. */
function drawnError(distance: number, normal: number, abnormal: number): { area: number; error: number } {
  const gauss = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  const areas = Array.from({ length: 4000 }, () => {
    const [n, a] = [Array.from({ length: normal }, gauss), Array.from({ length: abnormal }, () => gauss() + distance)];
    return a.reduce((sum, own) => sum + n.filter((other) => other < own).length, 0) / (normal * abnormal);
  });
  const area = areas.reduce((sum, own) => sum + own, 0) / areas.length;
  return { area, error: Math.sqrt(areas.reduce((sum, own) => sum + (own - area) ** 2, 0) / areas.length) };
}

it.each([
  [0.5, 20, 10],
  [1.5, 30, 15],
])(
  'the standard error is that of drawn scores %d apart, of %i normal and %i abnormal images',
  (distance, normal, abnormal) => {
    const { area, error } = drawnError(distance, normal, abnormal);
    expect(standardError(area, { normal, abnormal }) / error).toBeGreaterThan(0.85);
    expect(standardError(area, { normal, abnormal }) / error).toBeLessThan(1.2);
  },
);
