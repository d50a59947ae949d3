import { requireOperands } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { scaledSum } from './sum.ts';

/** The mean of x over all elements, as a tensor [1]. */
export function mean(x: Tensor): Tensor {
  requireOperands('mean', x);
  return scaledSum(x, 1 / x.size);
}
