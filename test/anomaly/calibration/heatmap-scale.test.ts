import { describe, expect, it } from 'vitest';
import { calibrateHeatmap } from '../../../src/anomaly/calibration/heatmap-choice.ts';
import { chanceOfHot, heatmapMaximum, hotImages } from '../../../src/anomaly/calibration/heatmap-scale.ts';
import { randomNumbers } from '../../data/support.ts';
import { image } from './heat-images.ts';

const choice = { merits: [], decides: 'sse' };

describe('chanceOfHot', () => {
  it('is the share of calibrations after which so many new normal images are hot', () => {
    const random = randomNumbers(23);
    const [rounds, total] = [4000, 12];
    for (const count of [8, 40]) {
      const reached = new Array<number>(total + 1).fill(0);
      for (let round = 0; round < rounds; round++) {
        const calibration = calibrateHeatmap(
          Array.from({ length: count }, () => image('normal', random())),
          choice,
        );
        const images = Array.from({ length: total }, () => image('normal', random()));
        const { hot } = hotImages(images, 'normal', calibration);
        for (let k = 0; k <= hot; k++) reached[k] = (reached[k] ?? 0) + 1 / rounds;
      }
      for (const [k, share] of reached.entries()) {
        expect(Math.abs(chanceOfHot(k, total, { images: count, coldShare: 0.9 }) - share)).toBeLessThan(0.025);
      }
    }
  });

  it('is 1 for none, and C(N, k) / C(n + N, k) where the hottest of n chose', () => {
    const coldShare = 0.95;
    expect(chanceOfHot(0, 39, { images: 26, coldShare })).toBe(1);
    const exact = (39 * 38 * 37 * 36 * 35) / (65 * 64 * 63 * 62 * 61);
    expect(chanceOfHot(5, 39, { images: 26, coldShare })).toBeCloseTo(exact, 12);
    expect(chanceOfHot(39, 39, { images: 400, coldShare })).toBeLessThan(1e-6);
    expect(chanceOfHot(9000, 1e5, { images: 1e5, coldShare })).toBeLessThan(1e-6);
  });
});

describe('a heat-map threshold', () => {
  const threshold = calibrateHeatmap([image('normal', 0.25)], choice);

  it('leaves what does not exceed it cold', () => {
    const images = [image('normal', 0.25), image('normal', 0.3), image('abnormal', 0.1), image('abnormal', 0.9)];
    expect(hotImages(images, 'normal', threshold)).toEqual({ hot: 1, total: 2 });
    expect(hotImages(images, 'abnormal', threshold)).toEqual({ hot: 1, total: 2 });
    expect(heatmapMaximum(threshold)).toBe(0.75);
  });

  it('is a third of the way from the floor to the brightest colour', () => {
    expect(heatmapMaximum({ floor: -2, threshold: -1 })).toBe(1);
  });
});
