import { requireFlag, requireOptions } from '../gpu/arguments.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { mergedAxes } from '../kernels/axes.ts';
import { type AxesTerm, expand, reduceAxes } from '../kernels/reduce-axes.ts';
import { run } from '../kernels/tuning/choices.ts';
import { requireOperands } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { axisOf } from './axis.ts';
import { requireRank } from './broadcast.ts';

export interface AxesOptions {
  /** Which axes are taken together, from 0, or counted from the last by −1, −2, …; all unless told otherwise. */
  axes?: number | readonly number[];
  /** Leaves them as axes of one element; default false. */
  keepdim?: boolean;
}

/** A reduction over some axes. */
export interface AxisReduction {
  /** The shape of what is reduced. */
  readonly space: readonly number[];
  /** That with 1 at the axes that are taken together, … */
  readonly kept: readonly number[];
  /** … and the shape of the result. */
  readonly shape: readonly number[];
}

/** How many elements make one of the result. */
export function termsOf({ space, kept }: AxisReduction): number {
  return space.reduce((count, extent, axis) => count * (kept[axis] === extent ? 1 : extent), 1);
}

/** @throws CyclopsError for options that are none, and for one that is unknown */
export function requireAxesOptions(operation: string, options: AxesOptions): void {
  requireOptions(operation, options, ['axes', 'keepdim']);
  requireFlag(operation, 'keepdim', options.keepdim);
}

/** @throws CyclopsError for axes that x does not have or that are named twice, for integers, and for more than 6 axes */
export function axisReduction(operation: string, x: Tensor, options: AxesOptions): AxisReduction {
  requireOperands(operation, x);
  requireAxesOptions(operation, options);
  const { axes, keepdim = false } = options;
  requireRank(operation, x);
  const named = axes === undefined ? [...x.shape.keys()] : Array.isArray(axes) ? axes : [axes];
  const taken = named.map((axis) => axisOf(operation, x, axis));
  if (new Set(taken).size !== taken.length) {
    throw new CyclopsError(`${operation} takes each axis once; got [${named.join(', ')}] for [${x.shape.join(', ')}].`);
  }
  const kept = x.shape.map((extent, axis) => (taken.includes(axis) ? 1 : extent));
  const left = x.shape.filter((_, axis) => !taken.includes(axis));
  const shape = keepdim ? kept : left.length > 0 ? left : [1];
  return { space: x.shape, kept, shape };
}

/** The axes of a reduction as kernels count them: masks of the result and of what is reduced. */
export function axesOf({ space, kept }: AxisReduction) {
  return mergedAxes(space, [space.map((extent, axis) => kept[axis] === extent), space.map(() => true)]);
}

/**
 * factor · Σ term(x, other) or the largest x, in f32, not recorded.
 *
 * @param other of the shape of x or of the result, where the term takes it
 */
export function reducedOver(
  x: Tensor,
  over: AxisReduction,
  term: AxesTerm,
  { factor = 1, other }: { factor?: number; other?: Tensor } = {},
): Tensor {
  const { extents, masks } = axesOf(over);
  const [kept = 0, whole = 0] = masks;
  const out = Tensor.empty(x.device, over.shape);
  const ofB = other && other.size < x.size ? kept : whole;
  const problem = { extents, kept, ofA: whole, ofB, dtype: x.floatDType };
  run(x.device, reduceAxes, problem, { term, factor, a: x.slice, b: other?.slice ?? null, out: out.slice });
  return out;
}

/** What has the shape of the result, times a factor, repeated over the whole shape: the gradient of a sum. */
export function repeatedOver(over: AxisReduction, result: Tensor, factor: number): Tensor {
  const out = Tensor.empty(result.device, over.space, result.dtype);
  expand(result.device, { axes: axesOf(over), x: result.slice, factor, out: out.slice, dtype: result.floatDType });
  return out;
}
