import { describe, expect, it } from 'vitest';
import { parseCalibration, requireHeatmap } from '../../../src/anomaly/calibration/calibration.ts';
import {
  calibrateHeatmap,
  chanceOfHot,
  expectedHotShare,
  heatmapMaximum,
  hotImages,
} from '../../../src/anomaly/calibration/heatmap-scale.ts';
import { chooseThresholds } from '../../../src/anomaly/calibration/thresholds.ts';
import { expectRefusal, randomNumbers } from '../../data/support.ts';

const image = (label: 'normal' | 'abnormal', blurmax: number) => ({ file: 'f', label, scores: { blurmax } });
const normals = (count: number) => Array.from({ length: count }, (_, i) => image('normal', (i * 7) % count));

describe('calibrateHeatmap', () => {
  it('is the ⌈0.95 (n + 1)⌉-th smallest of normal images, and the largest of few', () => {
    for (const [count, value] of [
      [1, 0],
      [10, 9],
      [18, 17],
      [19, 18],
      [20, 19],
      [39, 37],
      [100, 95],
    ] as const) {
      expect(calibrateHeatmap(normals(count))).toEqual({ threshold: value, images: count });
    }
  });

  it('knows nothing of abnormal images', () => {
    const images = [...normals(20), image('abnormal', 1e6)];
    expect(calibrateHeatmap(images)).toEqual(calibrateHeatmap(normals(20)));
    expectRefusal(() => calibrateHeatmap([image('abnormal', 1)]), 'needs normal images');
  });

  it('lets at most one of twenty new normal images be hot, on average over calibrations', () => {
    const random = randomNumbers(11);
    let [hot, total] = [0, 0];
    for (let round = 0; round < 4000; round++) {
      const calibration = calibrateHeatmap(Array.from({ length: 25 }, () => image('normal', random())));
      hot += hotImages([image('normal', random())], 'normal', calibration).hot;
      total += 1;
    }
    // 1 / 26 of them: the 25-th smallest of 25.
    const expected = expectedHotShare({ threshold: 0, images: 25 });
    expect(expected).toBeCloseTo(1 / 26, 12);
    expect(Math.abs(hot / total - expected)).toBeLessThan(0.01);
  });
});

describe('chanceOfHot', () => {
  it('is the share of calibrations after which so many new normal images are hot', () => {
    const random = randomNumbers(23);
    const [rounds, total] = [4000, 12];
    for (const count of [8, 40]) {
      const reached = new Array<number>(total + 1).fill(0);
      for (let round = 0; round < rounds; round++) {
        const calibration = calibrateHeatmap(Array.from({ length: count }, () => image('normal', random())));
        const images = Array.from({ length: total }, () => image('normal', random()));
        const { hot } = hotImages(images, 'normal', calibration);
        for (let k = 0; k <= hot; k++) reached[k] = (reached[k] ?? 0) + 1 / rounds;
      }
      for (const [k, share] of reached.entries()) {
        expect(Math.abs(chanceOfHot(k, total, { threshold: 0, images: count }) - share)).toBeLessThan(0.025);
      }
    }
  });

  it('is 1 for none, and C(N, k) / C(n + N, k) where the hottest of n chose', () => {
    expect(chanceOfHot(0, 39, { threshold: 0, images: 26 })).toBe(1);
    const exact = (39 * 38 * 37 * 36 * 35) / (65 * 64 * 63 * 62 * 61);
    expect(chanceOfHot(5, 39, { threshold: 0, images: 26 })).toBeCloseTo(exact, 12);
    expect(chanceOfHot(39, 39, { threshold: 0, images: 400 })).toBeLessThan(1e-6);
    expect(chanceOfHot(9000, 1e5, { threshold: 0, images: 1e5 })).toBeLessThan(1e-6);
  });
});

describe('a heat-map threshold', () => {
  const threshold = calibrateHeatmap([image('normal', 0.25)]);

  it('leaves what does not exceed it cold', () => {
    const images = [image('normal', 0.25), image('normal', 0.3), image('abnormal', 0.1), image('abnormal', 0.9)];
    expect(hotImages(images, 'normal', threshold)).toEqual({ hot: 1, total: 2 });
    expect(hotImages(images, 'abnormal', threshold)).toEqual({ hot: 1, total: 2 });
    expect(heatmapMaximum(threshold)).toBe(0.75);
  });

  it('is stored with a calibration, and asked for where it is needed', () => {
    const images = [image('normal', 0.25), image('abnormal', 0.9)];
    const info = { name: 'blurmax', label: 'b', formula: 'b', paper: false };
    const chosen = chooseThresholds(images, [info], { rule: 'zfn', chosenOn: 'calibration', dataHash: null });
    expectRefusal(() => requireHeatmap(chosen, 'runs/old'), 'runs/old', "'cyclops calibrate'");
    const calibration = { ...chosen, heatmap: threshold };
    const stored = parseCalibration(JSON.parse(JSON.stringify(calibration)), 'calibration.json');
    expect(stored).toEqual(calibration);
    expect(requireHeatmap(stored, 'runs/new')).toEqual({ threshold: 0.25, images: 1 });
    const damaged = { ...calibration, heatmap: { threshold: '0.25', images: 1 } };
    expectRefusal(
      () => parseCalibration(damaged, 'c.json'),
      'c.json',
      'heatmap.threshold is "0.25"; expected a number',
    );
  });
});
