import { requireChoice } from '../../gpu/arguments.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { gated } from './gated.ts';

/**
 * x · Φ(x) with the normal distribution Φ, element by element, in x's shape and dtype (Hendrycks and Gimpel, arXiv 1606.08415).
 *
 * @param approximate `tanh` for x · ½ (1 + tanh(√(2/π) (x + 0.044715 x³))); `none` unless told otherwise
 * @throws CyclopsError for another approximation, for a tensor of integers, and for one that was disposed of
 */
export function gelu(x: Tensor, approximate: 'none' | 'tanh' = 'none'): Tensor {
  requireChoice('gelu', 'approximation', approximate, ['none', 'tanh']);
  return gated('gelu', approximate === 'tanh' ? 'gelu_tanh' : 'gelu', x);
}
