import { CyclopsError } from '../gpu/errors.ts';
import { copy } from '../kernels/elementwise.ts';
import { Tensor } from './tensor.ts';

/** A copy of entries `start` to `end` (exclusive) along the first axis. Not differentiable. */
export function sliceBatch(x: Tensor, start: number, end: number): Tensor {
  const [batch = 0, ...rest] = x.shape;
  if (!(start >= 0 && end > start && end <= batch)) {
    throw new CyclopsError(`Cannot take entries ${start} to ${end} of a batch of ${batch}.`);
  }
  const out = Tensor.empty(x.device, [end - start, ...rest], x.dtype);
  const each = x.size / batch;
  copy(x.device, { x: x.slice, out: out.slice, count: out.size, start: start * each, dtype: x.floatDType });
  return out;
}
