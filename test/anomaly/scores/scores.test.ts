import { describe, expect, it } from 'vitest';
import type { Measurements } from '../../../src/anomaly/maps/measurements.ts';
import { MEASUREMENT_NAMES } from '../../../src/anomaly/maps/measurements.ts';
import { computeScores, measurementsFor, SCORES } from '../../../src/anomaly/scores/list.ts';

const FIGURES: Measurements = {
  squaredError: 12,
  absoluteError: 0.25,
  eighthPower: 2 ** -8,
  largestDifference: 2.5,
  blurredMax: 1.5,
  blurredMax3: 2,
  blurredMax9: 0.5,
  blurredMax17: 0.25,
  similarity: 0.75,
  leastSimilarity: -0.25,
  normality: 0.5,
  abnormality: 0.75,
  leastNormality: -0.25,
  strangestPatch: 1.25,
  meanExcess: 0.25,
  leastExcess: -0.5,
  largestExcess: 1.125,
  leastExcess3: -1,
  largestExcess3: 1.25,
  featureError: 0.125,
  cycleError: 0.375,
  squaredErrorOfAbnormal: 0.5,
  size: 48,
};

describe('scores', () => {
  it('follow their formulas', () => {
    expect(computeScores(FIGURES)).toEqual({
      sse: 12,
      l1: 0.25,
      l8: 0.5,
      max: 2.5,
      blurmax: 1.5,
      blurmax_ms: 1.0625,
      excess: 1.25,
      darkmax: 0.5,
      brightmax: 1.125,
      ssim: 0.25,
      ssim_min: 1.25,
      features: 0.125,
      cycle: 0.375,
      dn: -0.5,
      dn_max: 0.25,
      da_dn: 0.25,
      da_dn_max: 1.25,
      ratio: 0.5,
    });
  });

  it.each<[string, Partial<Measurements>]>([
    ['a worse reconstruction', { squaredError: 20, absoluteError: 0.4, blurredMax: 1.9, similarity: 0.5 }],
    ['a worse pixel', { eighthPower: 0.1, largestDifference: 2.75 }],
    ['a worse place', { blurredMax3: 2.5, leastSimilarity: -0.5 }],
    ['a place that is too dark or too bright', { leastExcess: -0.6, largestExcess: 1.25, leastExcess3: -1.25 }],
    ['a patch less normal to D_n', { leastNormality: -0.3 }],
    ['a patch more abnormal to D_a', { strangestPatch: 1.5 }],
    ['other features', { featureError: 0.25 }],
    ['a longer way back', { cycleError: 0.5 }],
    ['less normal to D_n', { normality: 0.1 }],
    ['more abnormal to D_a', { abnormality: 0.9 }],
    ['closer to its abnormal version', { squaredErrorOfAbnormal: 0.1 }],
  ])('never fall for %s, and some rise', (_, worse) => {
    const [before, after] = [computeScores(FIGURES), computeScores({ ...FIGURES, ...worse })];
    const changes = Object.keys(before).map((name) => (after[name] ?? 0) - (before[name] ?? 0));
    expect(Math.min(...changes)).toBe(0);
    expect(Math.max(...changes)).toBeGreaterThan(0);
  });

  it('stay finite where G_n2a returns the image itself', () => {
    expect(computeScores({ ...FIGURES, squaredErrorOfAbnormal: 0 }).ratio).toBeLessThan(Number.POSITIVE_INFINITY);
    expect(computeScores({ ...FIGURES, squaredErrorOfAbnormal: 0, squaredError: 0 }).ratio).toBe(0);
  });

  it('need every figure, and no other than those they name', () => {
    expect(measurementsFor(SCORES).sort()).toEqual([...MEASUREMENT_NAMES].sort());
    for (const { needs, compute } of SCORES) {
      const others = MEASUREMENT_NAMES.filter((name) => !needs.includes(name));
      const without = { ...FIGURES, ...Object.fromEntries(others.map((name) => [name, Number.NaN])) };
      expect(compute(without)).toBe(compute(FIGURES));
    }
  });

  it('have one name each, and one of them is the paper’s', () => {
    expect(new Set(SCORES.map(({ info }) => info.name)).size).toBe(SCORES.length);
    expect(SCORES.filter(({ info }) => info.paper).map(({ info }) => info.name)).toEqual(['sse']);
  });
});
