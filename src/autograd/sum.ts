import { record } from '../tensor/record.ts';
import { requireOperands } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { reduction, reductionGradient } from './reduction.ts';

/**
 * Σ x over all elements, as a tensor [1] of f32.
 *
 * @throws CyclopsError for a tensor of integers, and for one that was disposed of
 */
export function sum(x: Tensor): Tensor {
  requireOperands('sum', x);
  return scaledSum(x, 1);
}

/** factor · Σ x. */
export function scaledSum(x: Tensor, factor: number): Tensor {
  const out = reduction('sum', factor, x, 0);
  return record(out, [x], (gradOutput) => [reductionGradient({ term: 'sum', factor, a: x, b: 0, gradOutput })]);
}
