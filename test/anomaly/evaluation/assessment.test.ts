import { describe, expect, it } from 'vitest';
import type { Calibration } from '../../../src/anomaly/calibration/calibration.ts';
import { assess, type Estimate } from '../../../src/anomaly/evaluation/assessment.ts';
import { summarise } from '../../../src/anomaly/evaluation/evaluation.ts';
import { recallByType } from '../../../src/anomaly/evaluation/type-recall.ts';
import { percentileInterval, resamples, resamplingUnits } from '../../../src/anomaly/metrics/bootstrap.ts';
import type { ScoreInfo } from '../../../src/anomaly/scores/score.ts';
import type { ScoredImage } from '../../../src/anomaly/scores/scored-image.ts';

const infos: ScoreInfo[] = [{ name: 'sse', label: 'squared error', formula: 'Σ (x − x̂)²', paper: true }];
const calibration: Calibration = {
  rule: 'zfn',
  chosenOn: 'calibration',
  dataHash: null,
  chosen: 'sse',
  counts: { normal: 9, abnormal: 9 },
  objects: { normal: 9, abnormal: 9 },
  combination: null,
  baseline: null,
  scores: { sse: { auroc: 0.8, threshold: { value: 0.6, rule: 'zfn', chosenOn: 'calibration' } } },
};

const normal = Array.from({ length: 40 }, (_, i) => scored('normal', ((i * 37) % 101) / 101, `n${Math.floor(i / 4)}`));
const abnormal = Array.from({ length: 25 }, (_, i) =>
  scored('abnormal', ((i * 53) % 103) / 103 + 0.35, `a${Math.floor(i / 5)}`),
);
const grouped = [...normal, ...abnormal];
const images = grouped.map(({ group: _, ...image }) => image);

function scored(label: 'normal' | 'abnormal', sse: number, group: string): ScoredImage {
  return { file: `${label}/${sse}`, label, group, scores: { sse } };
}

function assessed(of: ScoredImage[]) {
  const assessment = assess(summarise(of, infos, calibration));
  const score = assessment.scores.sse;
  if (!score) throw new Error('the score was not assessed');
  return { ...assessment, score };
}

describe('intervals', () => {
  /*
   * Figures of numpy 1.24 and scikit-learn 1.2.1: roc_auc_score, average_precision_score, and percentiles 2.5 and 97.5 over 20,000
   * resamples of 40 normal and 25 abnormal images. The tolerance allows for the chance in 2,000 resamples, and for one step of
   * recall, which is 1/25.
   */
  const TOLERANCE = 0.021;
  const STEP = 0.0401;
  const { score, bootstrap } = assessed(images);
  const { calibrated, bestAccuracy, zfn } = score;
  const close = (estimate: Estimate | undefined, low: number, high: number, tolerance = TOLERANCE) => {
    expect(Math.abs((estimate?.low ?? Number.NaN) - low)).toBeLessThan(tolerance);
    expect(Math.abs((estimate?.high ?? Number.NaN) - high)).toBeLessThan(tolerance);
  };

  it('surround the figures of the images themselves', () => {
    expect(score.auroc.value).toBeCloseTo(0.745, 12);
    expect(score.averagePrecision.value).toBeCloseTo(0.7012513133812419, 12);
    expect([calibrated?.recall.value, calibrated?.specificity.value]).toEqual([0.64, 0.625]);
    expect([calibrated?.missed, calibrated?.falseAlarms]).toEqual([9, 15]);
  });

  it.each<[string, Estimate | undefined, number, number, number?]>([
    ['AUROC', score.auroc, 0.617, 0.853],
    ['average precision', score.averagePrecision, 0.5667, 0.8279],
    ['recall', calibrated?.recall, 0.44, 0.8, STEP],
    ['specificity', calibrated?.specificity, 0.475, 0.775],
    ['accuracy', calibrated?.accuracy, 0.5077, 0.7385],
    ['best accuracy, its threshold chosen anew', bestAccuracy?.accuracy, 0.6769, 0.8308],
    ['specificity without a miss, likewise', zfn?.specificity, 0.225, 0.55],
  ])('%s: as numpy has it', (_, ...expected) => close(...expected));

  it('resample groups where images have them', () => {
    const groups = assessed(grouped);
    expect(groups.bootstrap).toMatchObject({ grouped: true, units: { normal: 10, abnormal: 5 } });
    close(groups.score.auroc, 0.649, 0.826);
    close(groups.score.calibrated?.recall, 0.44, 0.84, STEP);
    expect(bootstrap).toMatchObject({ grouped: false, units: { normal: 40, abnormal: 25 }, resamples: 2000 });
  });

  it('are the same bits again', () => {
    expect(assessed(images).score).toEqual(score);
  });

  it('call what was chosen on these images an oracle, and everything where they trained', () => {
    expect([score.oracle, calibrated?.oracle, bestAccuracy?.oracle, zfn?.oracle]).toEqual([false, false, true, true]);
    const seen = assessed(images.map((image, i) => ({ ...image, seenInTraining: i === 3 }))).score;
    expect([seen.oracle, seen.calibrated?.oracle]).toEqual([true, true]);
  });

  it('need both classes', () => {
    expect(assess(summarise(normal, infos, calibration))).toMatchObject({ scores: {}, types: [] });
  });
});

describe('resampling', () => {
  it('draws as many units of each class as there are, and groups as wholes', () => {
    const units = resamplingUnits([
      { label: 'normal', group: 'g' },
      { label: 'abnormal', group: 'g' },
      { label: 'normal', group: 'g' },
      { label: 'normal' },
      { label: 'abnormal' },
    ]);
    expect(units).toEqual({ normal: [[0, 2], [3]], abnormal: [[1], [4]] });
    let several = false;
    for (const weights of resamples(units, 200, 3)) {
      expect(weights[0]).toBe(weights[2]);
      expect((weights[0] ?? 0) + (weights[3] ?? 0)).toBe(2);
      expect((weights[1] ?? 0) + (weights[4] ?? 0)).toBe(2);
      several ||= weights[0] === 2;
    }
    expect(several).toBe(true);
  });

  it('takes percentiles as numpy does', () => {
    const { low, high } = percentileInterval([3, 1, 4, 1, 5, 9, 2, 6], 0.95);
    expect(low).toBe(1);
    expect(high).toBeCloseTo(8.475, 12);
  });
});

describe('recallByType', () => {
  const typed = (type: string | undefined, sse: number, seen = false): ScoredImage => ({
    file: `${type}/${sse}`,
    label: 'abnormal',
    ...(type && { type }),
    scores: { sse },
    seenInTraining: seen,
  });
  const evaluation = summarise(
    [
      ...[0.1, 0.6, 0.7, 0.8].map((sse) => typed('scratch', sse)),
      ...[0.9, 0.9, 0.9].map((sse, i) => typed('dent', sse, i === 1)),
      ...Array.from({ length: 10 }, (_, i) => typed(undefined, i < 2 ? 0 : 1)),
      { file: 'good', label: 'normal', type: 'good', scores: { sse: 0.9 } },
    ],
    infos,
    calibration,
  );

  it('counts per type, with the bound of Clopper and Pearson (scipy 1.10: beta.ppf(0.95, missed + 1, flagged))', () => {
    const recalls = recallByType(evaluation.images);
    expect(recalls.map(({ recallLowerBound: _, ...rest }) => rest)).toEqual([
      { type: 'dent', images: 3, flagged: 3, recall: 1, oracle: true },
      { type: 'scratch', images: 4, flagged: 3, recall: 0.75, oracle: false },
      { type: null, images: 10, flagged: 8, recall: 0.8, oracle: false },
    ]);
    const bounds = [0.36840314986403877, 0.24860462573018194, 0.4930986989367976];
    recalls.forEach(({ recallLowerBound }, i) => {
      expect(recallLowerBound).toBeCloseTo(bounds[i] ?? Number.NaN, 9);
    });
  });
});
