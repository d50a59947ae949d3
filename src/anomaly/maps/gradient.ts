import { concatBatch } from '../../autograd/concat-batch.ts';
import { mean } from '../../autograd/mean.ts';
import { scale } from '../../autograd/scale.ts';
import { backward, detach } from '../../autograd/tape.ts';
import type { Networks } from '../../cyclegan/network-set.ts';
import { filled } from '../../tensor/filled.ts';
import { scope } from '../../tensor/scope.ts';
import { imageExtents } from '../../tensor/shape.ts';
import { sliceBatch } from '../../tensor/slice.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { differenceMap } from './difference.ts';
import { type AnomalyMap, pixels } from './map.ts';
import { cropTiles, layOut } from './tiles.ts';

/**
 * The pixels that decide how abnormal the discriminators find the image. Needs a backward pass, for which the networks' own weights want
 * no gradient.
 *
 * Source: Simonyan, Vedaldi, Zisserman, "Deep Inside Convolutional Networks: Visualising Image Classification Models and
 * Saliency Maps", 2014.
 */
export const gradient: AnomalyMap = {
  name: 'gradient',
  label: 'gradient of the discriminators',
  formula: '|∂(mean D_a(x) − mean D_n(x)) / ∂x|, averaged over channels',
  networks: ['D_A', 'D_B'],
  zero: 0,
  make: ({ networks, tile, x }) => {
    if (tile !== null) return pixels(steepness(networks, cropTiles(x, layOut(x, tile).places)));
    // One by one, since the mean over a batch would scale each image's gradient.
    const { n } = imageExtents('A gradient', x);
    const each = (i: number) => scope(() => steepness(networks, sliceBatch(x, i, i + 1)));
    return pixels(concatBatch(each(0), ...Array.from({ length: n - 1 }, (_, i) => each(i + 1))));
  },
};

/** The map of one image, or of its tiles. */
function steepness({ D_A, D_B }: Networks, x: Tensor): Tensor {
  const image = detach(x);
  image.requiresGrad = true;
  backward([mean(D_B.forward(image)), scale(mean(D_A.forward(image)), -1)]);
  const slope = image.grad;
  if (!slope) throw new Error('A discriminator let no gradient through to its image.');
  const map = differenceMap('absolute', slope, filled(x.device, slope.shape, 0));
  // Of a leaf, so that no scope frees it.
  slope.dispose();
  return map;
}
