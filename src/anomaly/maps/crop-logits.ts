import { add } from '../../autograd/add.ts';
import { concatBatch } from '../../autograd/concat-batch.ts';
import { scale } from '../../autograd/scale.ts';
import type { SegmentingDiscriminator } from '../../cyclegan/unet-discriminator.ts';
import { scope } from '../../tensor/scope.ts';
import { imageExtents } from '../../tensor/shape.ts';
import { sliceBatch } from '../../tensor/slice.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { blendTiles, cropTiles, layOut } from './tiles.ts';

/** Crops overlap by this share of their side, so that each pixel is seen well inside of one. */
export const OVERLAP = 1 / 2;

/**
 * What a segmenter says of each pixel, the mean of two logits: seen in the whole image, and in crops of the side of those that it learned
 * from. Its norms take mean and variance of all that it sees at once, so a crop looks to it as crops did in training, and a whole image,
 * many times as large, as nothing did.
 *
 * @param whole what it says of the whole images, [N, H, W, 1] @param x the images, [N, H, W, C] @param side the largest of a crop, a multiple of 4
 * @returns [N, H, W, 1]; `whole` itself where a crop holds an image
 */
export function withCropLogits(judge: SegmentingDiscriminator, whole: Tensor, x: Tensor, side: number): Tensor {
  const { n, h, w } = imageExtents('A segmenter', x);
  if (Math.max(h, w) <= side) return whole;
  return scope(() => {
    const images = Array.from({ length: n }, (_, i) => sliceBatch(x, i, i + 1));
    const layout = layOut(x, side, side * OVERLAP);
    const across = layout.columns.starts.length;
    // Row by row: the hidden layers of all crops of a large image may be more than a device can bind.
    const rows = layout.rows.starts.map((_, row) => {
      const places = layout.places.slice(row * across, (row + 1) * across);
      return scope(() => judge.pixels(judge.hidden(joined(images.map((image) => cropTiles(image, places))))));
    });
    const logits = joined(rows);
    const inCrops = images.map((image, i) =>
      blendTiles(image, layout, 1, (_, k) => {
        const crop = (Math.floor(k / across) * n + i) * across + (k % across);
        return sliceBatch(logits, crop, crop + 1);
      }),
    );
    return scale(add(whole, joined(inCrops)), 0.5);
  });
}

function joined(batches: readonly Tensor[]): Tensor {
  const [first, ...others] = batches;
  if (!first) throw new RangeError('There is nothing to judge.');
  return concatBatch(first, ...others);
}
