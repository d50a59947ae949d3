import { describe, expect, it } from 'vitest';
import { parseCalibration, requireHeatmap } from '../../../src/anomaly/calibration/calibration.ts';
import { calibrateHeatmap, LEAST_MASKED } from '../../../src/anomaly/calibration/heatmap-choice.ts';
import { expectedHotShare, hotImages } from '../../../src/anomaly/calibration/heatmap-scale.ts';
import { chooseThresholds } from '../../../src/anomaly/calibration/thresholds.ts';
import { expectRefusal, randomNumbers } from '../../data/support.ts';
import { image } from './heat-images.ts';

const normals = (count: number) => Array.from({ length: count }, (_, i) => image('normal', (i * 7) % count));
const choice = { merits: [], decides: 'sse' };

describe('what is hot', () => {
  it('is above the ⌈0.9 (n + 1)⌉-th smallest of normal images, and the largest of few', () => {
    for (const [count, value] of [
      [1, 0],
      [10, 9],
      [18, 17],
      [19, 17],
      [20, 18],
      [39, 35],
      [100, 90],
    ] as const) {
      expect(calibrateHeatmap(normals(count), choice)).toMatchObject({
        map: 'residual5',
        threshold: value,
        images: count,
      });
    }
  });

  it('knows nothing of abnormal images', () => {
    const images = [...normals(20), image('abnormal', 1e6)];
    expect(calibrateHeatmap(images, choice)).toEqual(calibrateHeatmap(normals(20), choice));
    expectRefusal(() => calibrateHeatmap([image('abnormal', 1)], choice), 'needs normal images');
  });

  it('lets at most one of ten new normal images be hot, on average over calibrations', () => {
    const random = randomNumbers(11);
    let [hot, total] = [0, 0];
    for (let round = 0; round < 4000; round++) {
      const calibration = calibrateHeatmap(
        Array.from({ length: 25 }, () => image('normal', random())),
        choice,
      );
      hot += hotImages([image('normal', random())], 'normal', calibration).hot;
      total += 1;
    }
    // 2 / 26 of them: the 24-th smallest of 25.
    const expected = expectedHotShare({ images: 25, coldShare: 0.9 });
    expect(expected).toBeCloseTo(2 / 26, 12);
    expect(Math.abs(hot / total - expected)).toBeLessThan(0.01);
  });

  it('of images that were scored before there was a choice is the score blurmax', () => {
    const old = [0.25, 0.5].map((blurmax) => ({ label: 'normal' as const, scores: { blurmax } }));
    expect(calibrateHeatmap(old, choice)).toEqual({
      ...{ map: 'residual5', threshold: 0.5, floor: 0, images: 2, coldShare: 0.9, aupro: null, others: {} },
    });
  });
});

describe('the heat map', () => {
  const heat = (logit: number) => ({
    residual5: { hottest: 1, median: 0.25 },
    dn: { hottest: logit, median: logit - 1 },
    dn_features1: { hottest: 3, median: 0.125 },
  });
  const images = [-3, -2, -1].map((logit) => ({ ...image('normal', 1), heat: heat(logit) }));
  const merit = (masked: number, dn: number, residual5: number) => ({
    masked,
    aupro: { residual5, dn, dn_features1: 0.125 },
  });

  it('is the map that finds most where enough images have masks, each fold weighing as much as it has', () => {
    const half = (LEAST_MASKED - 1) / 2;
    const merits = [merit(half + 1, 0.5, 0.25), merit(half, 0.5, 0.75), { masked: 0, aupro: {} }];
    const found = calibrateHeatmap(images, { merits, decides: 'blurmax' });
    expect(found).toMatchObject({ map: 'dn', threshold: -1, floor: -3, images: 3 });
    expect(found.aupro?.residual5).toBeCloseTo(((half + 1) * 0.25 + half * 0.75) / LEAST_MASKED, 12);
    expect(found.others).toEqual({
      residual5: { threshold: 1, floor: 0 },
      dn_features1: { threshold: 3, floor: 0.125 },
    });
  });

  it('of maps that masks can hardly tell apart is the one whose hot pixels fit them best', () => {
    const found = (aupro: Record<string, number>, f1?: Record<string, number>) =>
      calibrateHeatmap(images, { merits: [{ masked: LEAST_MASKED, aupro, ...(f1 && { f1 }) }], decides: 'dn' }).map;
    const aupro = { residual5: 0.8, dn: 0.79, dn_features1: 0.7 };
    expect(found(aupro)).toBe('residual5');
    expect(found(aupro, { residual5: 0.1, dn: 0.5, dn_features1: 0.9 })).toBe('dn');
    expect(found({ ...aupro, dn: 0.77 }, { residual5: 0.1, dn: 0.5, dn_features1: 0.9 })).toBe('residual5');
  });

  it.each([
    ['dn_max', 'dn'],
    ['dn_features1.top1', 'dn_features1'],
    ['blurmax', 'residual5'],
    ['cycle', 'residual5'],
    ['combined', 'residual5'],
    ['ratio', 'residual5'],
  ])('is that of the score %s where few images have masks: %s', (decides, map) => {
    const merits = [merit(LEAST_MASKED - 1, 1, 0)];
    expect(calibrateHeatmap(images, { merits, decides })).toMatchObject({ map, aupro: null });
  });

  it('is the one that a user wants, if it was calibrated', () => {
    const merits = [merit(LEAST_MASKED, 1, 0)];
    expect(calibrateHeatmap(images, { merits, decides: 'dn', wanted: 'residual5' }).map).toBe('residual5');
    expectRefusal(() => calibrateHeatmap(images, { merits, decides: 'dn', wanted: 'ssim' }), 'ssim', 'residual5, dn');
  });

  it('is stored with a calibration, and asked for where it is needed', () => {
    const labelled = [...images, image('abnormal', 0.9)].map((one, i) => ({ ...one, scores: { blurmax: i } }));
    const info = { name: 'blurmax', label: 'b', formula: 'b', paper: false };
    const chosen = chooseThresholds(labelled, [info], { rule: 'zfn', chosenOn: 'calibration', dataHash: null });
    expectRefusal(() => requireHeatmap(chosen, 'runs/old'), 'runs/old', "'cyclops calibrate'");
    const heatmap = calibrateHeatmap(images, { merits: [], decides: 'dn' });
    const calibration = { ...chosen, heatmap };
    const read = (json: unknown) => parseCalibration(JSON.parse(JSON.stringify(json)), 'c.json');
    expect(read(calibration)).toEqual(calibration);
    expect(requireHeatmap(calibration, 'runs/new')).toEqual(heatmap);

    const other = requireHeatmap(calibration, 'runs/new', 'residual5');
    expect(other).toMatchObject({
      map: 'residual5',
      threshold: 1,
      floor: 0,
      others: { dn: { threshold: -1, floor: -3 } },
    });
    expect(requireHeatmap({ ...calibration, heatmap: other }, 'runs/new', 'dn')).toEqual(heatmap);
    expectRefusal(
      () => requireHeatmap(calibration, 'runs/new', 'ssim'),
      'runs/new',
      'dn, residual5, dn_features1',
      'calibrate RUN --map ssim',
    );
    expectRefusal(
      () => requireHeatmap(calibration, 'runs/new', 'blur'),
      "no heat map 'blur'",
      'expected dn, residual5',
    );

    // From before there was a choice.
    expect(read({ ...chosen, heatmap: { threshold: 0.25, images: 1 } }).heatmap).toEqual({
      ...{ map: 'residual5', threshold: 0.25, floor: 0, images: 1, coldShare: 0.95, aupro: null, others: {} },
    });
    const damaged = { ...calibration, heatmap: { threshold: '0.25', images: 1 } };
    expectRefusal(() => read(damaged), 'c.json', 'heatmap.threshold is "0.25"; expected a number');
  });
});
