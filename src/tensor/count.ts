import { CyclopsError } from '../gpu/errors.ts';

/** The number of elements of a shape. @throws CyclopsError unless all extents are positive integers */
export function countOf(shape: readonly number[]): number {
  if (Array.isArray(shape) && shape.every((extent) => Number.isInteger(extent) && extent > 0)) {
    return shape.reduce((product, extent) => product * extent, 1);
  }
  throw new CyclopsError(
    `A tensor's extents must be positive integers; got ${Array.isArray(shape) ? `[${shape.join(', ')}]` : shape}.`,
  );
}
