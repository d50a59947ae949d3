import { requireOperands } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { scaledSum } from './sum.ts';

/**
 * The mean of x over all elements, as a tensor [1] of f32.
 *
 * @throws CyclopsError for a tensor of integers, and for one that was disposed of
 */
export function mean(x: Tensor): Tensor {
  requireOperands('mean', x);
  return scaledSum(x, 1 / x.size);
}
