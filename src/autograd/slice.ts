import { shown } from '../gpu/arguments.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { copyRuns } from '../kernels/elementwise.ts';
import { pad } from '../kernels/pad.ts';
import { record } from '../tensor/record.ts';
import { requireOperands } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { aroundAxis, axisOf } from './axis.ts';

/**
 * A copy of the entries `start` to `end` (exclusive) along an axis; its gradient is 0 for all other entries.
 *
 * @param axis from 0, or counted from the last by −1, −2, … @param end the axis's extent unless told otherwise
 * @throws CyclopsError when there is no such axis, unless 0 ≤ start < end ≤ its extent, for a tensor of integers, and for one that was
 * disposed of
 */
export function slice(x: Tensor, axis: number, start: number, end?: number): Tensor {
  requireOperands('slice', x);
  const at = axisOf('slice', x, axis);
  const { outer, size, inner } = aroundAxis(x.shape, at);
  const last = end ?? size;
  if (!(Number.isInteger(start) && Number.isInteger(last) && start >= 0 && last > start && last <= size)) {
    throw new CyclopsError(
      `slice of axis ${at} of [${x.shape.join(', ')}] takes a start from 0 and an end up to ${size} behind it; got ${shown(start)} to ${shown(last)}.`,
    );
  }
  const { device, floatDType: dtype } = x;
  const taken = last - start;
  const out = Tensor.empty(device, x.shape.with(at, taken), dtype);
  const run = taken * inner;
  const [from, to] = [
    { start: start * inner, length: size * inner },
    { start: 0, length: run },
  ];
  copyRuns(device, { x: x.slice, out: out.slice, count: out.size, run, from, to, dtype });
  return record(out, [x], (gradOutput) => {
    const gradX = Tensor.empty(device, x.shape, dtype);
    const around = { mode: 'zero', outer, size: taken, inner, before: start, after: size - last, dtype } as const;
    pad(device, around, { x: gradOutput.slice, out: gradX.slice });
    return [gradX];
  });
}
