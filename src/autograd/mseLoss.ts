import { requireSameShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { reduction, reductionGradient } from './reduction.ts';
import { record } from './tape.ts';

/** The mean of (a − b)², as a tensor [1]. @param b a tensor of a's shape, or a constant such as the labels of LSGAN */
export function mseLoss(a: Tensor, b: Tensor | number): Tensor {
  const factor = 1 / a.size;
  const out = (target: Tensor | number) => reduction('mse', factor, a, target);
  if (typeof b === 'number') {
    return record(out(b), [a], (gradOutput) => [reductionGradient('mse', factor, a, b, gradOutput)]);
  }
  requireSameShape('mseLoss', a, b);
  return record(out(b), [a, b], (gradOutput) => [
    a.requiresGrad ? reductionGradient('mse', factor, a, b, gradOutput) : null,
    b.requiresGrad ? reductionGradient('mse', factor, b, a, gradOutput) : null,
  ]);
}
