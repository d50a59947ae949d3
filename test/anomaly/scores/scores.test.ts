import { describe, expect, it } from 'vitest';
import { computeScores, isOfPixels, partsOf, scoreNamed, scoresFor } from '../../../src/anomaly/scores/list.ts';
import { POOLINGS } from '../../../src/anomaly/scores/poolings.ts';
import { spelled } from '../../../src/anomaly/scores/score.ts';

/** Networks of which D_n has three hidden layers. */
const LAYERS = { D_A: { hiddenFields: [2, 4, 4].map((stride) => ({ size: 1, stride, offset: 0 })) } };
const SCORES = scoresFor(LAYERS);
const names = SCORES.map(({ info }) => info.name);

/** Of an image: pooled maps by their long names. */
const FIGURES = new Map(
  Object.entries({
    'squared_error.sum': 12,
    'residual.mean': 0.25,
    'eighth_power.mean': 2 ** -8,
    'residual.max': 2.5,
    'residual3.max': 2,
    'residual5.max': 1.5,
    'residual9.max': 0.5,
    'residual17.max': 0.25,
    'excess3.max': 1.25,
    'dark5.max': 0.5,
    'bright5.max': 1.125,
    'ssim.mean': 0.25,
    'ssim.max': 1.25,
    'features.mean': 0.125,
    'cycle.mean': 0.375,
    'dn.mean': -0.5,
    'dn.max': 0.25,
    'da_dn.mean': 0.3125,
    'da_dn.max': 1.375,
    'squared_error_abnormal.sum': 24,
    'excess3.top5': 0.875,
    'excess5.top1': 0.75,
    'residual5.top1': 1.375,
    'contrast.top1': 3,
    'features_residual.top1': 0.0625,
    'dn.top1': 0.1875,
    'da_dn.top1': 1.1875,
    'dn_features1.mean': 0.5,
    'dn_features2.mean': 0.625,
    'dn_features1.top1': 0.6875,
    'dn_features2.top1': 0.8125,
    'dn_features3.top1': 0.9375,
  }),
);

describe('scores', () => {
  it('follow their formulas', () => {
    expect(computeScores(FIGURES, SCORES)).toEqual({
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
      da_dn: 0.3125,
      da_dn_max: 1.375,
      ratio: 0.5,
      'excess3.top5': 0.875,
      'excess5.top1': 0.75,
      'residual5.top1': 1.375,
      'contrast.top1': 3,
      'features_residual.top1': 0.0625,
      'dn.top1': 0.1875,
      'da_dn.top1': 1.1875,
      'dn_features1.mean': 0.5,
      'dn_features2.mean': 0.625,
      'dn_features1.top1': 0.6875,
      'dn_features2.top1': 0.8125,
      'dn_features3.top1': 0.9375,
    });
  });

  it.each([...FIGURES.keys()])('never fall where %s is larger, and some rise', (name) => {
    const before = computeScores(FIGURES, SCORES);
    const after = computeScores(new Map([...FIGURES, [name, (FIGURES.get(name) ?? 0) + 0.25]]), SCORES);
    const changes = names.map((score) => (after[score] ?? 0) - (before[score] ?? 0));
    // A larger distance from abnormal makes the ratio smaller.
    const sign = name === 'squared_error_abnormal.sum' ? -1 : 1;
    expect(Math.min(...changes.map((change) => sign * change))).toBeCloseTo(0, 12);
    expect(Math.max(...changes.map((change) => sign * change))).toBeGreaterThan(0);
  });

  it('stay finite where G_n2a returns the image itself', () => {
    const same = new Map([...FIGURES, ['squared_error_abnormal.sum', 0] as const]);
    expect(computeScores(same, SCORES).ratio).toBeLessThan(Number.POSITIVE_INFINITY);
    expect(computeScores(new Map([...same, ['squared_error.sum', 0] as const]), SCORES).ratio).toBe(0);
  });

  it('need every pooled map, each once, and no other than those they name', () => {
    expect(partsOf(SCORES).map(spelled).sort()).toEqual([...FIGURES.keys()].sort());
    for (const score of SCORES) {
      const own = score.parts.map(spelled);
      const alone = new Map([...FIGURES].filter(([name]) => own.includes(name)));
      expect(computeScores(alone, [score])).toEqual(computeScores(FIGURES, [score]));
    }
  });

  it('have one name each, and one of them is the paper’s', () => {
    expect(new Set(names).size).toBe(SCORES.length);
    expect(SCORES.filter(({ info }) => info.paper).map(({ info }) => info.name)).toEqual(['sse']);
  });

  it('that are a map and a pooling are found by both names', () => {
    for (const score of SCORES) {
      expect(scoreNamed(score.info.name)?.info).toEqual(score.info);
      if (score.pools) expect(scoreNamed(spelled(score.pools))?.info).toEqual(score.info);
    }
    expect(scoreNamed('residual5.max')?.info.name).toBe('blurmax');
    expect(scoreNamed('eighth_power.mean')?.info.name).toBe('eighth_power.mean');
    for (const pooling of Object.keys(POOLINGS)) {
      expect(scoreNamed(`gradient.${pooling}`)?.pools?.map.name).toBe('gradient');
    }
  });

  it.each(['dn_pixels', 'dn_pixels_change'])('have a total of %s: its hottest places and twice its mean', (map) => {
    const total = scoreNamed(`${map}_total`);
    const figures = new Map([
      [`${map}.top01`, 3],
      [`${map}.mean`, -0.25],
    ]);
    expect(computeScores(figures, total ? [total] : [])).toEqual({ [`${map}_total`]: 2.5 });
    const segmenting = { D_A: { ...LAYERS.D_A, pixels: () => null } };
    expect(scoresFor(segmenting).map(({ info }) => info.name)).toContain(`${map}_total`);
    expect(names).not.toContain(`${map}_total`);
  });

  it('of pixels are those of a map of a segmenter, pooled or in total', () => {
    for (const score of ['dn_pixels.max', 'dn_pixels_total']) {
      expect([isOfPixels(score), isOfPixels(score, 'dn_pixels'), isOfPixels(score, 'dn_pixels_change')]).toEqual([
        ...[true, true, false],
      ]);
    }
    expect(isOfPixels('dn_pixels_change_total', 'dn_pixels')).toBe(false);
    expect(isOfPixels('dn_pixels_change_total', 'dn_pixels_change')).toBe(true);
    expect(isOfPixels('dn.max')).toBe(false);
  });

  it.each([
    '',
    'blur',
    'residual5',
    'residual7.max',
    'residual5.top2',
    'residual5.max.mean',
    'dn_features0.mean',
    '.max',
  ])('of the name %j do not exist', (name) => expect(scoreNamed(name)).toBeUndefined());
});
