import type { Tensor } from '../../tensor/tensor.ts';
import { activate } from './activation.ts';

/** max(x, 0), element by element; its gradient at 0 is 0. */
export function relu(x: Tensor): Tensor {
  return activate('relu', x);
}
