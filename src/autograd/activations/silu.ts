import type { Tensor } from '../../tensor/tensor.ts';
import { gated } from './gated.ts';

/**
 * x / (1 + e^−x), element by element, in x's shape and dtype.
 *
 * @throws CyclopsError for a tensor of integers, and for one that was disposed of
 */
export function silu(x: Tensor): Tensor {
  return gated('silu', 'silu', x);
}
