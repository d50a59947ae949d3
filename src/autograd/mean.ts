import type { Tensor } from '../tensor/tensor.ts';
import type { AxesOptions } from './axis-reduction.ts';
import { scaledSum } from './sum.ts';

/**
 * The mean of x over all elements, as a tensor [1] of f32; or over some axes, in x's dtype.
 *
 * @returns with `axes` x's shape without these, or with 1 for each by `keepdim`; [1] where none is left
 * @throws CyclopsError as `sum`
 */
export function mean(x: Tensor, options: AxesOptions = {}): Tensor {
  return scaledSum('mean', x, options, (terms) => 1 / terms);
}
