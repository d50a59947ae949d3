import { requireSameShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { reduction, reductionGradient } from './reduction.ts';
import { record } from './tape.ts';

/**
 * The mean binary cross-entropy of sigmoid(x) against target, as a tensor [1], computed from the logits as
 * max(x, 0) − x · target + log(1 + e^−|x|), which neither overflows nor loses digits.
 *
 * @param target a tensor of x's shape with values in [0, 1], or a constant
 */
export function bceWithLogits(x: Tensor, target: Tensor | number): Tensor {
  if (typeof target !== 'number') requireSameShape('bceWithLogits', x, target);
  const factor = 1 / x.size;
  const inputs = typeof target === 'number' ? [x] : [x, target];
  return record(reduction('bce', factor, x, target), inputs, (gradOutput) => [
    x.requiresGrad ? reductionGradient('bce', factor, x, target, gradOutput) : null,
    typeof target !== 'number' && target.requiresGrad
      ? reductionGradient('bce_target', factor, x, target, gradOutput)
      : null,
  ]);
}
