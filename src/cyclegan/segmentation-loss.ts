import { add } from '../autograd/add.ts';
import { concatBatch } from '../autograd/concat-batch.ts';
import { bceWithLogits } from '../autograd/losses/bce-with-logits.ts';
import { weighted } from '../autograd/weighted.ts';
import { CyclopsError } from '../gpu/errors.ts';
import type { FloatDType } from '../kernels/source.ts';
import { cast } from '../tensor/cast.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { defectsBySize, normalThenDefects, unmaskedLoss } from './losses.ts';
import type { SegmentingDiscriminator } from './unet-discriminator.ts';

/** As many real images of either domain. */
export interface Domains {
  a: Tensor;
  b: Tensor;
}

/** Images from which discriminators learn what tells the domains apart. */
export interface LabelledDomains extends Domains {
  /** Where the defects of `a` are, [M,H,W,1]: 1 inside, −1 outside, 0 where nobody knows. Needed by discriminators that judge pixels. */
  defects?: Tensor | undefined;
  /** Whether nobody may know where the defects of some images are, which then learn from being abnormal alone; false unless told otherwise. */
  unmasked?: boolean | undefined;
}

export function castDomains({ a, b, defects, unmasked }: LabelledDomains, dtype: FloatDType): LabelledDomains {
  return { a: cast(a, dtype), b: cast(b, dtype), defects: defects && cast(defects, dtype), unmasked };
}

/**
 * How well a discriminator of normal images tells the domains apart, pixel by pixel defects from the rest. Scalar [1].
 *
 * @param bySize whether pixels of small defects count more @throws CyclopsError without masks
 */
export function segmentationLoss(
  discriminator: SegmentingDiscriminator,
  { a, b, defects, unmasked = false }: LabelledDomains,
  bySize = false,
): Tensor {
  if (!defects)
    throw new CyclopsError('A discriminator that judges pixels learns from where defects are; got no masks.');
  return a.device.within('D_A', () => {
    const logits = discriminator.pixels(discriminator.hidden(concatBatch(b, a)));
    const judged = bySize ? weighted(logits, defectsBySize(defects)) : logits;
    const ofPixels = bceWithLogits(judged, normalThenDefects(logits, defects));
    return unmasked ? add(ofPixels, unmaskedLoss(logits, defects)) : ofPixels;
  });
}
