import { add } from '../../autograd/add.ts';
import { scale } from '../../autograd/scale.ts';
import type { JudgedSizes } from '../../cyclegan/config.ts';
import { SIDE_MULTIPLE } from '../../cyclegan/networks.ts';
import type { SegmentingDiscriminator } from '../../cyclegan/unet-discriminator.ts';
import type { Size } from '../../data/images/level-memory.ts';
import { scope } from '../../tensor/scope.ts';
import { imageExtents } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { withCropLogits } from './crop-logits.ts';
import { resized } from './resized.ts';
import { SMALLEST_TILE } from './tiles.ts';

/**
 * What a segmenter says of each pixel: the mean of what it says of the image as it is and of a smaller copy, if it learned from such, so that a
 * defect larger than it can see at once is seen as well as a small one; in either case as {@link withCropLogits} has it.
 *
 * @param whole what it says of the whole images, [N, H, W, 1] @param x the images, [N, H, W, C] @returns [N, H, W, 1]
 */
export function judgedPixels(
  judge: SegmentingDiscriminator,
  whole: Tensor,
  x: Tensor,
  { crop, share }: JudgedSizes,
): Tensor {
  const seen = (logits: Tensor, image: Tensor) => (crop === null ? logits : withCropLogits(judge, logits, image, crop));
  const { h, w } = imageExtents('A segmenter', x);
  const size = smallerSize({ width: w, height: h }, share);
  if (!size) return seen(whole, x);
  return scope(() => {
    const small = resized(x, size, [-1, 1]);
    const ofSmall = seen(judge.pixels(judge.hidden(small)), small);
    return scale(add(seen(whole, x), resized(ofSmall, { width: w, height: h })), 0.5);
  });
}

/** The size of a smaller copy, no smaller than a segmenter can see; null where it would be that of the image. */
export function smallerSize({ width, height }: Size, share: number): Size | null {
  const smaller = (side: number) =>
    Math.min(side, Math.max(SMALLEST_TILE, SIDE_MULTIPLE * Math.round((share * side) / SIDE_MULTIPLE)));
  const size = { width: smaller(width), height: smaller(height) };
  return size.width === width && size.height === height ? null : size;
}
