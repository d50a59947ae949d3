import { FINITE, requireNumber } from '../gpu/arguments.ts';
import * as kernels from '../kernels/elementwise.ts';
import { record } from '../tensor/record.ts';
import { requireOperands } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';

/**
 * x · factor, with a constant factor, in x's shape and dtype.
 *
 * @throws CyclopsError for a tensor of integers, and for one that was disposed of
 */
export function scale(x: Tensor, factor: number): Tensor {
  requireOperands('scale', x);
  requireNumber('scale', 'factor', factor, FINITE);
  const out = scaled(x, factor);
  return record(out, [x], (gradOutput) => [scaled(gradOutput, factor)]);
}

/** x · factor, not recorded. */
export function scaled(x: Tensor, factor: number): Tensor {
  const out = Tensor.empty(x.device, x.shape, x.dtype);
  kernels.scale(x.device, { x: x.slice, factor, out: out.slice, count: x.size, dtype: x.floatDType });
  return out;
}
