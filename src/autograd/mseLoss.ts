import { requireSameShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { reduction, reductionGradient } from './reduction.ts';
import { record } from './tape.ts';

/** The mean of (a − b)², as a tensor [1]. @param b a tensor of a's shape, or a constant such as a label of LSGAN */
export function mseLoss(a: Tensor, b: Tensor | number): Tensor {
  if (typeof b !== 'number') requireSameShape('mseLoss', a, b);
  const factor = 1 / a.size;
  const inputs = typeof b === 'number' ? [a] : [a, b];
  return record(reduction('mse', factor, a, b), inputs, (gradOutput) => [
    a.requiresGrad ? reductionGradient('mse', factor, a, b, gradOutput) : null,
    typeof b !== 'number' && b.requiresGrad ? reductionGradient('mse', factor, b, a, gradOutput) : null,
  ]);
}
