import { cast } from '../tensor/cast.ts';
import { record } from '../tensor/record.ts';
import { requireOperands } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import {
  type AxesOptions,
  axisReduction,
  reducedOver,
  repeatedOver,
  requireAxesOptions,
  termsOf,
} from './axis-reduction.ts';
import { reduction, reductionGradient } from './reduction.ts';

/**
 * Σ x over all elements, as a tensor [1] of f32; or over some axes, in x's dtype.
 *
 * @returns with `axes` x's shape without these, or with 1 for each by `keepdim`; [1] where none is left
 * @throws CyclopsError for axes that x does not have or that are named twice, for a tensor of integers, with `axes` for one of more than 6,
 * and for one that was disposed of
 */
export function sum(x: Tensor, options: AxesOptions = {}): Tensor {
  return scaledSum('sum', x, options, () => 1);
}

/** Σ x times a factor that may depend on the number of terms of each sum. */
export function scaledSum(
  operation: string,
  x: Tensor,
  options: AxesOptions,
  factorOf: (terms: number) => number,
): Tensor {
  requireAxesOptions(operation, options);
  if (options.axes === undefined && !options.keepdim) {
    requireOperands(operation, x);
    const factor = factorOf(x.size);
    const out = reduction('sum', factor, x, 0);
    return record(out, [x], (gradOutput) => [reductionGradient({ term: 'sum', factor, a: x, b: 0, gradOutput })]);
  }
  const over = axisReduction(operation, x, options);
  const factor = factorOf(termsOf(over));
  const out = cast(reducedOver(x, over, 'sum', { factor }), x.floatDType);
  return record(out, [x], (gradOutput) => [repeatedOver(over, gradOutput, factor)]);
}
