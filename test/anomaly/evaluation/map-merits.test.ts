import { describe, expect, it } from 'vitest';
import { heatStatistics, hottestOf, MapMerits } from '../../../src/anomaly/evaluation/map-merits.ts';
import { PixelMetrics } from '../../../src/anomaly/metrics/pixel-metrics.ts';
import { random } from '../../oracles/compare.ts';

const [width, height] = [12, 8];
const extent = { width, height };
const ref = (label: 'normal' | 'abnormal', mask?: string) => ({ path: 'p', file: 'f', label, ...(mask && { mask }) });

describe('the merit of maps', () => {
  it('is the AUPRO of each over normal images and those with masks', () => {
    const mask = Uint8Array.from({ length: width * height }, (_, i) => (i % width < 3 && i < 40 ? 1 : 0));
    const merits = new MapMerits();
    const exact = { good: new PixelMetrics(), chance: new PixelMetrics() };
    for (const image of [ref('normal'), ref('abnormal', 'mask.png'), ref('abnormal', 'mask.png')]) {
      const noise = () => random(width * height).map((value) => value - 0.5);
      const own = image.label === 'abnormal' ? mask : null;
      const maps = { good: noise().map((value, i) => value + (own?.[i] ? 1.5 : 0)), chance: noise() };
      expect(MapMerits.wants(image)).toBe(true);
      merits.add(own && { width, height, inside: own, between: 0 }, { maps, extent, size: extent });
      for (const [name, values] of Object.entries(maps)) exact[name as 'good'].add(values, own, width, height);
    }
    const { masked, aupro } = merits.merit();
    expect(masked).toBe(2);
    for (const [name, metrics] of Object.entries(exact)) {
      expect(Math.abs((aupro[name] ?? 0) - (metrics.figures()?.aupro ?? 0))).toBeLessThan(0.02);
    }
    expect(aupro.good).toBeGreaterThan(aupro.chance ?? 1);
  });

  it('is unknown without masks', () => {
    const merits = new MapMerits();
    merits.add(null, { maps: { dn: random(96) }, extent, size: extent });
    expect(merits.merit()).toEqual({ masked: 0, aupro: {}, f1: {} });
    expect(MapMerits.wants(ref('abnormal'))).toBe(false);
  });
});

it('what calibrates heat maps is the hottest and the middle pixel', () => {
  expect(heatStatistics({ odd: Float32Array.of(3, -1, 2), even: Float32Array.of(-4, -1, -3, -2) })).toEqual({
    odd: { hottest: 3, median: 2 },
    even: { hottest: -1, median: -2.5 },
  });
  expect(hottestOf(Float32Array.of(1, Number.NaN, 2))).toBeNaN();
});
