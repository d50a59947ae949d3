import type { Tensor } from '../../tensor/tensor.ts';
import { activate } from './activation.ts';

/**
 * max(x, 0), element by element, in x's shape and dtype; its gradient at 0 is 0.
 *
 * @throws CyclopsError for a tensor of integers, and for one that was disposed of
 */
export function relu(x: Tensor): Tensor {
  return activate('relu', x);
}
