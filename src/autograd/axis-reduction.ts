import { CyclopsError } from '../gpu/errors.ts';
import { mergedAxes } from '../kernels/axes.ts';
import { type AxesTerm, expand, reduceAxes } from '../kernels/reduce-axes.ts';
import { run } from '../kernels/tuning/choices.ts';
import { cast } from '../tensor/cast.ts';
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

/** A reduction of x over some axes. */
export interface AxisReduction {
  readonly x: Tensor;
  /** x's shape with 1 at the axes that are taken together, … */
  readonly kept: readonly number[];
  /** … and the shape of the result. */
  readonly shape: readonly number[];
  /** How many elements make one of the result. */
  readonly terms: number;
}

/** @throws CyclopsError for axes that x does not have or that are named twice, for integers, and for more than 6 axes */
export function axisReduction(operation: string, x: Tensor, { axes, keepdim = false }: AxesOptions): AxisReduction {
  requireOperands(operation, x);
  requireRank(operation, x);
  const named = axes === undefined ? [...x.shape.keys()] : typeof axes === 'number' ? [axes] : [...axes];
  const taken = named.map((axis) => axisOf(operation, x, axis));
  if (new Set(taken).size !== taken.length) {
    throw new CyclopsError(`${operation} takes each axis once; got [${named.join(', ')}] for [${x.shape.join(', ')}].`);
  }
  const kept = x.shape.map((extent, axis) => (taken.includes(axis) ? 1 : extent));
  const left = x.shape.filter((_, axis) => !taken.includes(axis));
  const shape = keepdim ? kept : left.length > 0 ? left : [1];
  return { x, kept, shape, terms: taken.reduce((count, axis) => count * (x.shape[axis] ?? 1), 1) };
}

/** The axes of a reduction as kernels count them: masks of the result and of x. */
export function axesOf({ x, kept }: AxisReduction) {
  return mergedAxes(x.shape, [x.shape.map((extent, axis) => kept[axis] === extent), x.shape.map(() => true)]);
}

/** factor · Σ x, the largest x, or how many x equal `other`, which has the shape of the result; in f32, not recorded. */
export function reducedOver(
  reduction: AxisReduction,
  term: Extract<AxesTerm, 'sum' | 'max' | 'equal'>,
  { factor = 1, other }: { factor?: number; other?: Tensor } = {},
): Tensor {
  const { x, shape } = reduction;
  const { extents, masks } = axesOf(reduction);
  const [kept = 0, ofX = 0] = masks;
  const out = Tensor.empty(x.device, shape);
  const problem = { extents, kept, ofA: ofX, ofB: other ? kept : ofX, dtype: x.floatDType };
  run(x.device, reduceAxes, problem, { term, factor, a: x.slice, b: other?.slice ?? null, out: out.slice });
  return out;
}

/** factor · Σ x in x's dtype, not recorded. */
export function summedOver(reduction: AxisReduction, factor: number): Tensor {
  return cast(reducedOver(reduction, 'sum', { factor }), reduction.x.floatDType);
}

/** What has the shape of the result, times a factor, repeated over x's shape: the gradient of a sum. */
export function repeatedOver(reduction: AxisReduction, result: Tensor, factor: number): Tensor {
  const { x } = reduction;
  const out = Tensor.empty(x.device, x.shape, x.dtype);
  expand(x.device, { axes: axesOf(reduction), x: result.slice, factor, out: out.slice, dtype: x.floatDType });
  return out;
}
