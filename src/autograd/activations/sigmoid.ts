import type { Tensor } from '../../tensor/tensor.ts';
import { activate } from './activation.ts';

/**
 * 1 / (1 + e^−x), element by element, in x's shape and dtype.
 *
 * @throws CyclopsError for a tensor of integers, and for one that was disposed of
 */
export function sigmoid(x: Tensor): Tensor {
  return activate('sigmoid', x);
}
