import { shown } from '../gpu/arguments.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { copy } from '../kernels/elementwise.ts';
import { filled } from './filled.ts';
import { record } from './record.ts';
import { requireOperands } from './shape.ts';
import { Tensor } from './tensor.ts';

/**
 * A copy of entries `start` to `end` (exclusive) along the first axis; its gradient is 0 for all other entries.
 *
 * @throws CyclopsError unless both are integers and 0 ≤ start < end ≤ N
 */
export function sliceBatch(x: Tensor, start: number, end: number): Tensor {
  requireOperands('sliceBatch', x);
  const [batch = 0, ...rest] = x.shape;
  if (!(Number.isInteger(start) && Number.isInteger(end) && start >= 0 && end > start && end <= batch)) {
    throw new CyclopsError(`Cannot take entries ${shown(start)} to ${shown(end)} of a batch of ${batch}.`);
  }
  const { device, size, floatDType: dtype } = x;
  const out = Tensor.empty(device, [end - start, ...rest], dtype);
  const first = start * (size / batch);
  copy(device, { x: x.slice, out: out.slice, count: out.size, start: first, dtype });
  return record(out, [x], (gradOutput) => {
    const gradX = filled(device, x.shape, 0, dtype);
    copy(device, { x: gradOutput.slice, out: gradX.slice, count: gradOutput.size, outStart: first, dtype });
    return [gradX];
  });
}
