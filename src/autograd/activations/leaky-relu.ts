import { NOT_NEGATIVE, requireNumber } from '../../gpu/arguments.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { activate } from './activation.ts';

/**
 * x where x > 0, else slope · x, in x's shape and dtype; its gradient at 0 is `slope`.
 *
 * @param slope not negative. @throws CyclopsError when it is, for a tensor of integers, and for one that was disposed of
 */
export function leakyRelu(x: Tensor, slope: number): Tensor {
  requireNumber('leakyRelu', 'slope', slope, NOT_NEGATIVE);
  return activate('leaky_relu', x, slope);
}
