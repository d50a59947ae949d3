import { describe, expect, it } from 'vitest';
import { horizontalScale, ticks } from '../../src/report/axes.ts';
import { lossChart } from '../../src/report/charts.ts';
import { formatCount, formatDuration, formatPercent, formatScore } from '../../src/report/format.ts';

describe('ticks', () => {
  it.each([
    [0, 1, 5, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [0, 0.3, 3, [0, 0.1, 0.2, 0.3]],
    [-0.7, 0.9, 4, [-0.5, 0, 0.5]],
    [1, 1500, 5, [500, 1000, 1500]],
    [3, 3, 5, [3]],
  ])('from %d to %d, about %d: round values inside', (from, to, count, expected) => {
    expect(ticks(from, to, count)).toEqual(expected);
  });
});

describe('lossChart', () => {
  const coordinates = (markup: string): number[][] => {
    const path = /class="curve" d="M([^"]*)"/.exec(markup)?.[1] ?? '';
    return path.split('L').map((pair) => pair.split(' ').map(Number));
  };

  it('draws short runs point by point, with the highest loss at the top', () => {
    const points = [3, 1, 2].map((loss, i) => ({ step: i * 10, losses: { G: loss } }));
    const [first = [], second = [], third = []] = coordinates(lossChart('G', points).markup);
    const x = horizontalScale(0, 20);
    expect([first[0], second[0], third[0]]).toEqual([x.at(0), x.at(10), x.at(20)]);
    // Upwards is towards zero: 3 above 2 above 1, evenly.
    expect((second[1] ?? 0) - (third[1] ?? 0)).toBeCloseTo((third[1] ?? 0) - (first[1] ?? 0), 0);
    expect(second[1]).toBeGreaterThan(third[1] ?? Number.NaN);
  });

  it('keeps long runs small and leaves out what is not finite', () => {
    const points = Array.from({ length: 5000 }, (_, i) => ({ step: i, losses: { D: i % 7 === 0 ? Number.NaN : i } }));
    const { markup } = lossChart('D', points);
    expect(markup).not.toMatch(/NaN|Infinity/);
    expect(coordinates(markup).length).toBeLessThanOrEqual(120);
    expect(coordinates(markup).length).toBeGreaterThan(100);
  });

  it('says so when nothing can be drawn', () => {
    expect(lossChart('D', [{ step: 1, losses: { D: Number.NaN } }]).markup).toContain('No finite value');
  });
});

describe('numbers', () => {
  it('keeps four digits of a score, whatever its size', () => {
    expect([0, 0.123456, -0.30619, 438.1307, 12345.6, 2.5e-7, 3e9, null].map(formatScore)).toEqual([
      '0',
      '0.1235',
      '−0.3062',
      '438.1',
      '12350',
      '2.50e−7',
      '3.00e9',
      '–',
    ]);
  });

  it('writes shares, counts and durations', () => {
    expect(formatPercent(0.8544)).toBe('85.4 %');
    expect([formatCount(1, 'file'), formatCount(0, 'file')]).toEqual(['1 file', '0 files']);
    expect([59.4, 365, 11550].map(formatDuration)).toEqual(['59 s', '6 min 5 s', '3 h 12 min']);
  });
});
