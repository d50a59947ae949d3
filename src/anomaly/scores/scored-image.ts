import type { Label } from '../../data/datasets/dataset.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import type { ImageForm } from './image-form.ts';
import type { ImageStatistics } from './image-statistics.ts';

/** What a map says of one image. */
export interface HeatStatistics {
  /** Its hottest pixel. */
  hottest: number;
  /** Of all its pixels. */
  median: number;
}

/** An image with its scores; label null where nobody said what it is. */
export interface ScoredImage {
  file: string;
  label: Label | null;
  /** The kind of defect, where the data set names it. */
  type?: string;
  /** Images of one group show one object; absent where nobody said. */
  group?: string;
  scores: Record<string, number>;
  /** Where they were asked for. */
  statistics?: ImageStatistics;
  /** Likewise. */
  form?: ImageForm;
  /** Σ (x − x̂)² / Σ (x − its mean)²: the share of the image that G_a2n changes, where it was asked for. */
  change?: number;
  /** The hottest pixel of the heat map, where it was asked for. */
  hottest?: number;
  /** Of maps by name, where they were asked for: what calibrates heat maps. */
  heat?: Record<string, HeatStatistics>;
  /** True if this very image trained the networks or set the thresholds; its figures are then no test. */
  seenInTraining?: boolean;
}

/** The scores called `name`, in the order of the images. @throws CyclopsError when one is missing or not finite */
export function scoreColumn(images: readonly ScoredImage[], name: string): number[] {
  return images.map((image) => {
    const score = image.scores[name];
    if (score !== undefined && Number.isFinite(score)) return score;
    throw new CyclopsError(
      `Score ${name} of ${image.file} is ${score ?? 'missing'}; expected a finite number. ` +
        'NaN or Infinity comes from weights that diverged: use an earlier checkpoint, or train with a lower learning rate.',
    );
  });
}
