import { shown } from '../gpu/arguments.ts';
import { CyclopsError } from '../gpu/errors.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Of an axis that may be counted from the last by −1, −2, …. @throws CyclopsError when there is no such axis */
export function axisOf(operation: string, { shape }: Tensor, axis: number): number {
  const rank = shape.length;
  if (Number.isInteger(axis) && axis >= -rank && axis < rank) return axis < 0 ? axis + rank : axis;
  throw new CyclopsError(
    `${operation} of [${shape.join(', ')}] takes an axis from 0 to ${rank - 1}, or from −${rank} to −1; got ${shown(axis)}.`,
  );
}

/** A shape seen from one of its axes: what is before it, and what is after it, as one axis each. */
export interface AroundAxis {
  readonly outer: number;
  readonly size: number;
  readonly inner: number;
}

export function aroundAxis(shape: readonly number[], axis: number): AroundAxis {
  const product = (extents: readonly number[]) => extents.reduce((count, extent) => count * extent, 1);
  return { outer: product(shape.slice(0, axis)), size: shape[axis] ?? 1, inner: product(shape.slice(axis + 1)) };
}
