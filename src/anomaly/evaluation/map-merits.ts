import { SIDE_MULTIPLE } from '../../cyclegan/networks.ts';
import type { ImageRef } from '../../data/datasets/dataset.ts';
import type { Mask } from '../../data/images/mask.ts';
import type { MapMerit } from '../calibration/heatmap-choice.ts';
import type { ImageResult } from '../detector/score-images.ts';
import { PixelMetrics } from '../metrics/pixel-metrics.ts';
import type { HeatStatistics } from '../scores/scored-image.ts';
import { maskOnMap } from './mask-on-map.ts';

/** Enough to compare maps, and little memory for each of them. */
const MANTISSA_BITS = 7;

/** Takes maps of calibration images one after another and compares them with masks. */
export class MapMerits {
  private readonly metrics = new Map<string, PixelMetrics>();
  private masked = 0;

  /** Whether the maps of an image count. */
  static wants({ label, mask }: ImageRef): boolean {
    return label === 'normal' || mask !== undefined;
  }

  /** @param mask of an abnormal image; null for a normal one @throws CyclopsError when a map holds NaN */
  add(mask: Mask | null, { maps, extent, size }: Pick<ImageResult, 'maps' | 'extent' | 'size'>): void {
    const marked = mask && maskOnMap(mask, size, SIDE_MULTIPLE);
    if (marked) this.masked += 1;
    for (const [name, values] of Object.entries(maps)) {
      const metrics = this.metrics.get(name) ?? new PixelMetrics({ mantissaBits: MANTISSA_BITS });
      this.metrics.set(name, metrics);
      metrics.add(values, marked, extent.width, extent.height);
    }
  }

  merit(): MapMerit {
    const figures = [...this.metrics].flatMap(([name, metrics]) => {
      const own = this.masked > 0 ? metrics.figures() : null;
      return own ? [{ name, aupro: own.aupro, f1: own.best.f1 }] : [];
    });
    return {
      masked: this.masked,
      aupro: Object.fromEntries(figures.map(({ name, aupro }) => [name, aupro])),
      f1: Object.fromEntries(figures.map(({ name, f1 }) => [name, f1])),
    };
  }
}

/** What the calibration of heat maps needs to know of an image. */
export function heatStatistics(maps: ImageResult['maps']): Record<string, HeatStatistics> {
  return Object.fromEntries(
    Object.entries(maps).map(([name, values]) => {
      const sorted = values.toSorted();
      const last = sorted.length - 1;
      const median = ((sorted[last >> 1] ?? Number.NaN) + (sorted[(last + 1) >> 1] ?? Number.NaN)) / 2;
      return [name, { hottest: hottestOf(values), median }];
    }),
  );
}

/** The largest value; NaN where one is. */
export function hottestOf(values: Float32Array): number {
  return values.reduce(
    (hottest, value) => (value > hottest || Number.isNaN(value) ? value : hottest),
    Number.NEGATIVE_INFINITY,
  );
}
