import * as kernels from '../kernels/elementwise.ts';
import { record } from '../tensor/record.ts';
import { requireAlike } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';

/**
 * a + b, of one shape and dtype; the gradient passes to both unchanged.
 *
 * @throws CyclopsError when shapes, dtypes or devices differ
 */
export function add(a: Tensor, b: Tensor): Tensor {
  requireAlike('add', a, b);
  const out = Tensor.empty(a.device, a.shape, a.dtype);
  kernels.add(a.device, { a: a.slice, b: b.slice, out: out.slice, count: a.size, dtype: a.floatDType });
  return record(out, [a, b], (gradOutput) => [gradOutput, gradOutput]);
}
