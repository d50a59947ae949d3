import { describe, expect, it } from 'vitest';
import { chooseBaseline } from '../../../src/anomaly/calibration/baseline.ts';
import { parseCalibration } from '../../../src/anomaly/calibration/calibration.ts';
import { chooseThresholds } from '../../../src/anomaly/calibration/thresholds.ts';
import { reportBaseline } from '../../../src/anomaly/evaluation/baseline-report.ts';
import { summarise } from '../../../src/anomaly/evaluation/evaluation.ts';
import {
  type ImageStatistics,
  imageStatistics,
  statisticsSchema,
} from '../../../src/anomaly/scores/image-statistics.ts';
import type { ScoredImage } from '../../../src/anomaly/scores/scored-image.ts';
import { baselineLines } from '../../../src/cli/text/baseline.ts';
import { checkJson, parseJson } from '../../../src/data/files/json.ts';
import { expectRefusal } from '../../data/support.ts';

describe('imageStatistics', () => {
  it('of a ramp and of a spot are what they are by hand', () => {
    const ramp = Uint8Array.from({ length: 25 }, (_, i) => 10 * (i % 5));
    expect(imageStatistics({ width: 5, height: 5, channels: 1, pixels: ramp }, 5)).toEqual({
      mean: 20,
      sd: Math.sqrt(200),
      gradient: 10,
      darkest: 10,
      brightest: 30,
    });
    const spot = new Uint8Array(25).fill(9, 12, 13);
    const { gradient, ...others } = imageStatistics({ width: 5, height: 5, channels: 1, pixels: spot }, 5);
    // Four neighbours of the spot have half of it as their slope, of nine inner pixels.
    expect(gradient).toBe((4 * 4.5) / 9);
    expect(others).toEqual({
      mean: 9 / 25,
      sd: expect.closeTo(Math.sqrt(81 / 25 - (9 / 25) ** 2), 12),
      darkest: 1,
      brightest: 1,
    });
  });

  it('are those of means of gray at the wanted size', () => {
    const pixels = Uint8Array.from({ length: 12 * 12 * 3 }, (_, i) => (i * 37) % 256);
    const gray = (i: number) => {
      const [r, g, b] = [pixels[3 * i] ?? 0, pixels[3 * i + 1] ?? 0, pixels[3 * i + 2] ?? 0];
      return (19595 * r + 38470 * g + 7471 * b + 32768) >> 16;
    };
    const means = Array.from({ length: 36 }, (_, i) => {
      const [x, y] = [2 * (i % 6), 2 * Math.floor(i / 6)];
      return (gray(12 * y + x) + gray(12 * y + x + 1) + gray(12 * y + x + 12) + gray(12 * y + x + 13)) / 4;
    });
    const found = imageStatistics({ width: 12, height: 12, channels: 3, pixels }, 6);
    expect(found.mean).toBeCloseTo(means.reduce((sum, value) => sum + value, 0) / 36, 10);
  });

  it('come back from JSON, or are refused', () => {
    const statistics = { mean: 1, sd: 2, gradient: 3, darkest: 4, brightest: 5 };
    expect(parseJson(JSON.stringify(statistics), statisticsSchema, 'x')).toEqual(statistics);
    for (const wrong of [undefined, [], { ...statistics, sd: null }, { ...statistics, sd: 'x' }]) {
      expectRefusal(() => checkJson(wrong, statisticsSchema, 'x'), 'x');
    }
  });
});

const infos = [{ name: 'sse', label: 'squared error', formula: '', paper: true }];

/** Abnormal images are darker in their darkest place; nothing else tells. */
function images(sse: number[]): ScoredImage[] {
  return sse.map((score, i) => {
    const label = i % 2 === 0 ? ('abnormal' as const) : ('normal' as const);
    const dark = label === 'abnormal' ? 10 + i : 30 + i;
    const statistics: ImageStatistics = { mean: i >> 1, sd: 1, gradient: 1, darkest: dark, brightest: 200 };
    return { file: `${i}.png`, label, scores: { sse: score }, statistics };
  });
}

describe('the baseline', () => {
  const choice = { rule: 'zfn', chosenOn: 'calibration', dataHash: null } as const;
  const calibration = chooseThresholds(images([4, 1, 5, 2, 6, 3]), infos, choice);
  const report = (judged: ScoredImage[]) => reportBaseline(judged, calibration, summarise(judged, infos, calibration));

  it('is the statistic with the highest AUROC either way round, chosen with the thresholds and stored with them', () => {
    expect(calibration.baseline).toEqual({ statistic: 'darkest', abnormalHas: 'less', auroc: 1 });
    expect(parseCalibration(JSON.parse(JSON.stringify(calibration)), 'x')).toEqual(calibration);
    const wrong = { ...calibration, baseline: { statistic: 'toString', abnormalHas: 'less', auroc: 1 } };
    expectRefusal(
      () => parseCalibration(wrong, 'x'),
      'baseline.statistic is "toString"; expected mean, sd, gradient, darkest or brightest',
    );
    expect(chooseBaseline(images([1, 2]).map(({ statistics: _, ...image }) => image))).toBeNull();
  });

  it('keeps to that choice on other images, and warns where the score is not better', () => {
    const bright = images([4, 3, 2, 1]).map((image, i): ScoredImage => {
      const { statistics } = image;
      // On these one abnormal image of two is brighter than both normal ones.
      return statistics && i === 0 ? { ...image, statistics: { ...statistics, darkest: 90 } } : image;
    });
    const found = report(bright);
    expect(found).toMatchObject({
      statistic: 'darkest',
      calibrationAuroc: 1,
      auroc: 0.5,
      scoreAuroc: 0.75,
      beaten: true,
    });
    expect(baselineLines(found, 'sse')).toEqual([
      'simplest statistic (darkest place, less where abnormal; chosen on the calibration part): AUROC 0.500.',
    ]);
    const seen = report(bright.map((image, i) => ({ ...image, seenInTraining: i === 3 })));
    expect([found?.oracle, seen?.oracle]).toEqual([false, true]);
    expect(baselineLines(seen, 'sse')[0]).toMatch(/AUROC 0\.500 \(oracle\)\.$/);
    const equal = report(images([4, 1, 3, 2]));
    expect(equal).toMatchObject({ auroc: 1, scoreAuroc: 1, beaten: false });
    expect(baselineLines(equal, 'sse')[1]).toMatch(/^Warning: sse, with AUROC 1\.000, does not beat it/);
  });

  it('says nothing of a model without one, and judges nothing where a class is empty', () => {
    const judged = images([4, 1]);
    const old = { ...calibration, baseline: null };
    expect(reportBaseline(judged, old, summarise(judged, infos, old))).toBeNull();
    expect(baselineLines(null, 'sse')).toEqual([]);
    const single = report(judged.slice(0, 1));
    expect(single).toMatchObject({ auroc: null, beaten: null });
    expect(baselineLines(single, 'sse')).toHaveLength(1);
  });
});
