import { missRateUpperBound } from '../metrics/classification.ts';
import type { JudgedImage } from './evaluation.ts';

/** How many of the abnormal images with one kind of defect are flagged at the calibrated threshold. */
export interface TypeRecall {
  /** Null for abnormal images whose defect nobody named. */
  type: string | null;
  images: number;
  flagged: number;
  recall: number;
  /** Lower end of the one-sided 95 % confidence interval (Clopper–Pearson) of the recall. */
  recallLowerBound: number;
  /** True if any of these images trained or calibrated the run. */
  oracle: boolean;
}

/** One entry for each type, by name, the unnamed last. */
export function recallByType(images: readonly JudgedImage[]): TypeRecall[] {
  const abnormal = images.filter(({ label }) => label === 'abnormal');
  const names = [...new Set(abnormal.flatMap(({ type }) => type ?? []))].sort();
  return [...names, undefined].flatMap((type) => {
    const own = abnormal.filter((image) => image.type === type);
    if (own.length === 0) return [];
    const flagged = own.filter((image) => image.flagged).length;
    return {
      type: type ?? null,
      images: own.length,
      flagged,
      recall: flagged / own.length,
      recallLowerBound: 1 - missRateUpperBound(own.length - flagged, own.length),
      oracle: own.some(({ seenInTraining }) => seenInTraining),
    };
  });
}
