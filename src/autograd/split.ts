import { shown } from '../gpu/arguments.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { filled } from '../tensor/filled.ts';
import { noGrad, recordAll } from '../tensor/record.ts';
import { requireOperands } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { axisOf } from './axis.ts';
import { joinedAlong } from './concat.ts';
import { slice } from './slice.ts';

/**
 * The parts of a tensor along an axis, as copies.
 *
 * @param sizes of all parts, or of each part but the last, which may be smaller
 * @param axis from 0, or counted from the last by −1, −2, …; the first unless told otherwise
 * @throws CyclopsError when there is no such axis, unless the sizes are positive integers that add up to its extent, for a tensor of
 * integers, and for one that was disposed of
 */
export function split(x: Tensor, sizes: number | readonly number[], axis = 0): Tensor[] {
  requireOperands('split', x);
  const at = axisOf('split', x, axis);
  const extent = x.shape[at] ?? 1;
  const parts = typeof sizes === 'number' ? equalParts(extent, sizes) : sizes;
  const isWhole = Array.isArray(parts) && parts.every((size) => Number.isInteger(size) && size > 0);
  if (!isWhole || parts.reduce((sum, size) => sum + size, 0) !== extent) {
    throw new CyclopsError(
      `split of axis ${at} of [${x.shape.join(', ')}] takes a positive integer, or some that add up to ${extent}; got ${shown(sizes)}.`,
    );
  }
  // Recorded as one operation: the gradient of x is then put together in one go.
  let start = 0;
  const outputs = noGrad(() =>
    parts.map((size) => {
      start += size;
      return slice(x, at, start - size, start);
    }),
  );
  recordAll(outputs, [x], (gradOutputs) => [
    joinedAlong(
      outputs.map((part, i) => gradOutputs[i] ?? filled(x.device, part.shape, 0, part.floatDType)),
      at,
    ),
  ]);
  return outputs;
}

/** Parts of a size, the last with what is left; one part that is no size where it is none. */
function equalParts(extent: number, size: number): number[] {
  if (!(Number.isInteger(size) && size > 0)) return [size];
  return Array.from({ length: Math.ceil(extent / size) }, (_, i) => Math.min(size, extent - i * size));
}
