import type { Tensor } from '../../tensor/tensor.ts';
import { activate } from './activation.ts';

/** The hyperbolic tangent, element by element. */
export function tanh(x: Tensor): Tensor {
  return activate('tanh', x);
}
