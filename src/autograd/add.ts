import * as kernels from '../kernels/elementwise.ts';
import { requireSameShape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { record } from './tape.ts';

/** a + b of one shape; the gradient passes to both unchanged. */
export function add(a: Tensor, b: Tensor): Tensor {
  requireSameShape('add', a, b);
  const out = Tensor.empty(a.device, a.shape);
  kernels.add(a.device, a.slice, b.slice, out.slice, a.size);
  return record(out, [a, b], (gradOutput) => [gradOutput, gradOutput]);
}
