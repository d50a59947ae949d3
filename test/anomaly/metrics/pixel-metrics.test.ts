import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PixelMetrics } from '../../../src/anomaly/metrics/pixel-metrics.ts';
import { connectedRegions } from '../../../src/anomaly/metrics/regions.ts';
import { expectRefusal } from '../../data/support.ts';

interface Case {
  name: string;
  height: number;
  width: number;
  /** Values of maps are these whole numbers over it. */
  scale: number;
  threshold: number;
  maps: number[][];
  masks: number[][];
  /** Of regions, as scikit-image numbers them. */
  labels: number[][];
  /** What scikit-learn makes of them. */
  figures: {
    areas: number[];
    auroc: number;
    aupro: number;
    bestF1: number;
    f1: number;
    precision: number;
    recall: number;
  };
}

/** Written by pixel-figures.py. */
const cases: Case[] = JSON.parse(readFileSync(new URL('pixel-figures.json', import.meta.url), 'utf8'));

/** @param shift of all values, to both sides of 0 */
function measured({ height, width, scale, threshold, maps, masks }: Case, shift = 0) {
  const metrics = new PixelMetrics({ threshold: threshold + shift });
  for (const [i, map] of maps.entries()) {
    const mask = Uint8Array.from(masks[i] ?? []);
    const values = Float32Array.from(map, (whole) => whole / scale + shift);
    metrics.add(values, mask.includes(1) ? mask : null, width, height);
  }
  return metrics.figures();
}

it('the reference has every case', () => expect(cases).toHaveLength(8));

describe.each(cases)('$name', (entry) => {
  it('has the regions of scikit-image, of 8-connected pixels', () => {
    const areas: number[] = [];
    for (const [i, mask] of entry.masks.entries()) {
      const found = connectedRegions(Uint8Array.from(mask), entry.width, entry.height);
      expect([...found.labels]).toEqual(entry.labels[i]);
      areas.push(...found.areas);
    }
    expect(areas).toEqual(entry.figures.areas);
  });

  it.each([0, -0.5, -2])('has the figures of scikit-learn, also where values are %f more', (shift) => {
    const found = measured(entry, shift);
    const { figures: expected, threshold } = entry;
    // Values of more bits than a bin holds may tie here.
    const digits = entry.scale <= 4096 ? 12 : 3;
    expect(found?.regions).toBe(expected.areas.length);
    expect(found?.auroc).toBeCloseTo(expected.auroc, digits);
    expect(found?.aupro).toBeCloseTo(expected.aupro, digits);
    expect(found?.best.f1).toBeCloseTo(expected.bestF1, digits);
    expect(found?.calibrated.threshold).toBe(threshold + shift);
    expect(found?.calibrated.f1).toBeCloseTo(expected.f1, 12);
    expect(found?.calibrated.precision).toBeCloseTo(expected.precision, 12);
    expect(found?.calibrated.recall).toBeCloseTo(expected.recall, 12);
  });
});

describe('PixelMetrics', () => {
  it('names the threshold of the best F1', () => {
    const metrics = new PixelMetrics({ threshold: 0 });
    metrics.add(Float32Array.of(0.5, 0.25, 0.125, 0), Uint8Array.of(1, 1, 0, 0), 2, 2);
    expect(metrics.figures()?.best).toEqual({ threshold: 0.25, f1: 1, precision: 1, recall: 1 });
  });

  it('takes any finite value, however small or large', () => {
    const metrics = new PixelMetrics({ threshold: 0 });
    metrics.add(Float32Array.of(3e38, 1e-44, -0, 0), Uint8Array.of(1, 1, 0, 0), 2, 2);
    expect(metrics.figures()).toMatchObject({ auroc: 0.75, calibrated: { recall: 1, precision: 1 } });
  });

  it('orders negative values, and tells those of few bits apart with few bits of mantissa', () => {
    const values = [-3e38, -1.5, -1.25, -1e-44, 0, 1e-44, 0.25, 3e38];
    for (const mantissaBits of [7, 12]) {
      for (const [cut, { length }] of [values.slice(0, 1), values.slice(0, 4), values.slice(0, 7)].entries()) {
        const metrics = new PixelMetrics({ mantissaBits });
        const mask = Uint8Array.from(values, (_, i) => (i >= length ? 1 : 0));
        metrics.add(Float32Array.from(values), mask, 8, 1);
        const figures = metrics.figures();
        expect(figures, `${cut}`).toMatchObject({ best: { f1: 1 }, calibrated: { recall: 0 } });
        expect(figures?.auroc).toBeCloseTo(1, 12);
        expect(figures?.aupro).toBeCloseTo(1, 12);
      }
    }
  });

  it('has no figures unless pixels are inside and outside', () => {
    const metrics = new PixelMetrics({ threshold: 0 });
    metrics.add(new Float32Array(4), null, 2, 2);
    expect(metrics.figures()).toBeNull();
    const full = new PixelMetrics({ threshold: 0 });
    full.add(new Float32Array(4), new Uint8Array(4).fill(1), 2, 2);
    expect(full.figures()).toBeNull();
  });

  it('refuses what is no number, and a mask of another size', () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expectRefusal(
        () => new PixelMetrics({ threshold: 0 }).add(Float32Array.of(0, bad), null, 2, 1),
        `${bad}`,
        'finite',
      );
    }
    expect(() => new PixelMetrics({ threshold: 0 }).add(new Float32Array(4), new Uint8Array(3), 2, 2)).toThrow(
      /4 and 3/,
    );
  });

  it('a region all over a large image needs no deep stack', () => {
    const { areas } = connectedRegions(new Uint8Array(1024 * 1024).fill(1), 1024, 1024);
    expect(areas).toEqual([1024 * 1024]);
  });
});
