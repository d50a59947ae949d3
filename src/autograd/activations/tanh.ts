import type { Tensor } from '../../tensor/tensor.ts';
import { activate } from './activation.ts';

/**
 * The hyperbolic tangent, element by element, in x's shape and dtype.
 *
 * @throws CyclopsError for a tensor of integers, and for one that was disposed of
 */
export function tanh(x: Tensor): Tensor {
  return activate('tanh', x);
}
