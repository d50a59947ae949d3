import { mean } from '../../autograd/mean.ts';
import { scale } from '../../autograd/scale.ts';
import { backward, detach } from '../../autograd/tape.ts';
import { filled } from '../../tensor/filled.ts';
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
  usesReconstruction: false,
  zero: 0,
  make: ({ networks: { D_A, D_B }, tile, x }) => {
    const image = detach(tile === null ? x : cropTiles(x, layOut(x, tile).places));
    image.requiresGrad = true;
    backward([mean(D_B.forward(image)), scale(mean(D_A.forward(image)), -1)]);
    const slope = image.grad;
    if (!slope) throw new Error('A discriminator let no gradient through to its image.');
    const map = differenceMap('absolute', slope, filled(x.device, slope.shape, 0));
    // Of a leaf, so that no scope frees it.
    slope.dispose();
    return pixels(map);
  },
};
