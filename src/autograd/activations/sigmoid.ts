import type { Tensor } from '../../tensor/tensor.ts';
import { activate } from './activation.ts';

/** 1 / (1 + e^−x), element by element. */
export function sigmoid(x: Tensor): Tensor {
  return activate('sigmoid', x);
}
