import { shown } from '../gpu/arguments.ts';
import { CyclopsError } from '../gpu/errors.ts';

/** The number of elements of a shape. @throws CyclopsError unless all extents are positive integers */
export function countOf(shape: readonly number[]): number {
  if (Array.isArray(shape)) {
    let count = 1;
    // Not `every`, which leaves holes out.
    for (const extent of shape) count *= Number.isInteger(extent) && extent > 0 ? extent : Number.NaN;
    if (!Number.isNaN(count)) return count;
  }
  throw new CyclopsError(`A tensor's extents must be positive integers; got ${shown(shape)}.`);
}
