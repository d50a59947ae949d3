import { SIDE_MULTIPLE } from '../../cyclegan/networks.ts';
import type { ImageRef } from '../../data/datasets/dataset.ts';
import type { Size } from '../../data/images/bank.ts';
import type { Mask } from '../../data/images/mask.ts';
import { type PixelF1, type PixelFigures, PixelMetrics } from '../metrics/pixel-metrics.ts';
import { maskOnMap } from './mask-on-map.ts';

/** How well heat maps show where defects are, over the images for which it is known. */
export interface PixelReport {
  /** Normal images, which have no defect anywhere, and abnormal ones with a mask. */
  images: { normal: number; abnormal: number };
  /** Abnormal images without a mask, which are left out. */
  withoutMask: number;
  /** Masks that mark nothing at the size of the heat maps; their images count as without defect. */
  emptyMasks: number;
  /** Null when no mask marks anything, or one everything. */
  figures: OwnedFigures | null;
}

/** Pixel figures, each with whether the images that it is reported on had a part in it. */
export type OwnedFigures = Omit<PixelFigures, 'best' | 'calibrated'> & {
  /** Of AUROC and AUPRO: true if any of the images trained or calibrated the run. */
  oracle: boolean;
  best: PixelF1 & { oracle: true };
  /** At the calibrated threshold of heat maps; `oracle` as for the areas. */
  calibrated: PixelF1 & { oracle: boolean };
};

/** Takes heat maps one after another and compares them with masks. */
export class PixelEvaluation {
  private readonly metrics: PixelMetrics;
  private readonly images = { normal: 0, abnormal: 0 };
  private readonly hasMasks: boolean;
  private withoutMask = 0;
  private emptyMasks = 0;

  /** @param refs all images to come, with masks that can be read @param threshold of the heat maps */
  constructor(refs: readonly ImageRef[], threshold: number) {
    this.metrics = new PixelMetrics({ threshold });
    this.hasMasks = refs.some(({ mask }) => mask !== undefined);
  }

  /** Whether the heat map of this image counts. */
  private counts({ label, mask }: ImageRef): boolean {
    return this.hasMasks && (label === 'normal' || mask !== undefined);
  }

  /**
   * @param mask of the image, where it has one
   * @param values the heat map [height, width] of `extent` @param size at which the image was judged, before the cut
   * @throws CyclopsError when a heat map holds NaN
   */
  add(ref: ImageRef, mask: Mask | null, values: Float32Array, { extent, size }: { extent: Size; size: Size }): void {
    if (!this.counts(ref)) {
      if (ref.label === 'abnormal') this.withoutMask += 1;
      return;
    }
    const marked = mask && maskOnMap(mask, size, SIDE_MULTIPLE);
    if (marked && !marked.includes(1)) this.emptyMasks += 1;
    this.images[ref.label] += 1;
    this.metrics.add(values, marked, extent.width, extent.height);
  }

  /** @param seen whether any of the images trained or calibrated the run. Null where there are no masks. */
  report(seen: boolean): PixelReport | null {
    if (!this.hasMasks) return null;
    const { images, withoutMask, emptyMasks } = this;
    const figures = this.metrics.figures();
    const owned = figures && {
      ...figures,
      oracle: seen,
      best: { ...figures.best, oracle: true as const },
      calibrated: { ...figures.calibrated, oracle: seen },
    };
    return { images, withoutMask, emptyMasks, figures: owned };
  }
}
