/**
 * out[j] = factor · Σ term(a, b) over some axes of a space, or the largest term: reductions, and what broadcasting has to undo.
 *
 * The ladder, not timed:
 * - naive: the formula, one invocation a result.
 * - workgroup: 256 lanes for 32 neighbouring results, or for one where neighbours are terms; where there are few results, several workgroups
 *   share the terms and a second launch takes in what they leave.
 */
import type { Device } from '../gpu/device.ts';
import { type BufferSlice, ceilDiv, f32, immediates } from '../gpu/launch.ts';
import { type Axes, axesImmediates, countOver, describeAxes } from './axes.ts';
import { flatGrid } from './flat-grid.ts';
import { DTYPE_BYTES, type FloatDType, kernel } from './source.ts';
import { withParts } from './sum-parts.ts';
import type { Operation, Variant } from './variant.ts';

/** Σ a, Σ a·b, Σ a/b, the largest a, how many a equal b, and Σ e^(a − b). */
export type AxesTerm = 'sum' | 'product' | 'quotient' | 'max' | 'equal' | 'power';

const CODES: Readonly<Record<AxesTerm, number>> = { sum: 0, product: 1, quotient: 2, max: 3, equal: 4, power: 5 };

const LANES = 256;
/** Results side by side in a workgroup, where they lie so in memory. */
const ACROSS = 32;
/** Terms of a workgroup at least, where several share those of a result. */
const SHARE = 4096;
/** Enough workgroups to fill a large GPU. */
const MANY_WORKGROUPS = 256;

export interface ReduceAxesProblem {
  /** Of the space, outermost first. */
  readonly extents: readonly number[];
  /** The axes that results have. */
  readonly kept: number;
  /** The axes that a has. */
  readonly ofA: number;
  /** The axes that b has; those of a where there is no b. */
  readonly ofB: number;
  /** Of a and b; results are f32. */
  readonly dtype: FloatDType;
}

export interface ReduceAxesArguments {
  readonly term: AxesTerm;
  readonly factor: number;
  readonly a: BufferSlice;
  /** Null where the term has none. */
  readonly b: BufferSlice | null;
  /** One number in f32 for each result. */
  readonly out: BufferSlice;
}

function resultsOf({ extents, kept }: ReduceAxesProblem): number {
  return countOver(extents, kept);
}

function termsOf({ extents, kept }: ReduceAxesProblem): number {
  return countOver(extents, ~kept);
}

/** What the kernels' launches have of their own. */
interface Dispatch {
  readonly name: 'naive' | 'workgroup';
  readonly constants: Record<string, number>;
  readonly workgroups: readonly [number, number, number];
  /** Terms that one workgroup takes. */
  readonly share: number;
}

function dispatch(
  device: Device,
  problem: ReduceAxesProblem,
  { term, factor, a, b, out }: ReduceAxesArguments,
  { name, constants, workgroups, share }: Dispatch,
): void {
  const { extents, kept, ofA, ofB, dtype } = problem;
  const [results, terms] = [resultsOf(problem), termsOf(problem)];
  const read = countOver(extents, ofA) + (b ? countOver(extents, ofB) : 0);
  device.launch({
    kernel: kernel(`reduce/axes-${name}`, { KIND: CODES[term], RANK: extents.length, ...constants }, { dtype }),
    bindings: [a, b ?? a, out],
    immediates: immediates(results, terms, share, f32(factor), ...axesImmediates(extents), kept, ofA, ofB),
    workgroups,
    label: `reduceAxes.${term}`,
    flops: (b ? 2 : 1) * results * terms,
    bytes: DTYPE_BYTES[dtype] * read + 4 * results,
  });
}

const naive: Variant<ReduceAxesProblem, ReduceAxesArguments> = {
  name: 'naive',
  madeFor: 'any',
  sources: ['reduce/axes-naive'],
  workgroupBytes: 0,
  supports: () => true,
  launch: (device, problem, args) =>
    dispatch(device, problem, args, {
      name: 'naive',
      constants: {},
      workgroups: flatGrid(device, resultsOf(problem)),
      share: termsOf(problem),
    }),
};

/** Each result's terms in an order that depends on the problem alone. */
const workgroup: Variant<ReduceAxesProblem, ReduceAxesArguments> = {
  name: 'workgroup',
  madeFor: 'any',
  sources: ['reduce/axes-workgroup', 'reduce/axes-naive'],
  workgroupBytes: 4 * LANES,
  // With fewer terms the lanes of a result have nothing to do.
  supports: (_, problem) => termsOf(problem) >= 64,
  launch(device, problem, args) {
    const [results, terms] = [resultsOf(problem), termsOf(problem)];
    const across = problem.kept & 1 ? ACROSS : 1;
    const tiles = ceilDiv(results, across);
    const wanted = Math.min(ceilDiv(terms, SHARE), ceilDiv(MANY_WORKGROUPS, tiles));
    const share = ceilDiv(terms, wanted);
    const shares = ceilDiv(terms, share);
    const [columns] = flatGrid(device, tiles, 1);
    const own = { name: 'workgroup', constants: { ACROSS: across }, workgroups: [columns, shares, 1], share } as const;
    if (shares === 1) {
      dispatch(device, problem, args, own);
      return;
    }
    withParts(device, shares * results, (parts) => {
      dispatch(device, problem, { ...args, factor: 1, out: parts }, own);
      const join = { extents: [shares, results], kept: 1, ofA: 3, ofB: 3, dtype: 'f32' } as const;
      const term = args.term === 'max' ? 'max' : 'sum';
      naive.launch(device, join, { term, factor: args.factor, a: parts, b: null, out: args.out });
    });
  },
};

/** out[j] = factor · Σ term(a, b) over the axes that results do not have, or the largest term. */
export const reduceAxes: Operation<ReduceAxesProblem, ReduceAxesArguments> = {
  name: 'reduceAxes',
  variants: [workgroup, naive],
  describe: ({ extents, kept, ofA, ofB, dtype }) =>
    `${describeAxes(extents, kept)} of ${describeAxes(extents, ofA)} ${describeAxes(extents, ofB)} ${dtype}`,
  exampleArguments: (problem, buffers, full = false) => ({
    term: full ? 'max' : 'product',
    factor: full ? 0.5 : 1,
    a: buffers.input(countOver(problem.extents, problem.ofA), problem.dtype),
    b: full ? null : buffers.input(countOver(problem.extents, problem.ofB), problem.dtype),
    out: buffers.output(resultsOf(problem)),
  }),
};

interface MaxBackwardArguments {
  readonly axes: Axes;
  readonly x: BufferSlice;
  readonly largest: BufferSlice;
  /** In f32: how many elements equal each result. */
  readonly ties: BufferSlice;
  readonly gradOutput: BufferSlice;
  readonly gradX: BufferSlice;
  readonly dtype: FloatDType;
}

/** gradX = the gradient of the largest, in equal parts to the elements that are; the first mask of `axes` is that of the results. */
export function maxBackward(device: Device, args: MaxBackwardArguments): void {
  const { axes, x, largest, ties, gradOutput, gradX, dtype } = args;
  const { extents, masks } = axes;
  const [kept = 0] = masks;
  const count = countOver(extents, ~0);
  device.launch({
    kernel: kernel('reduce/max-backward', { RANK: extents.length }, { dtype }),
    bindings: [x, largest, ties, gradOutput, gradX],
    immediates: immediates(count, ...axesImmediates(extents), kept),
    workgroups: flatGrid(device, count),
    label: 'max.backward',
    flops: count,
    bytes: 2 * DTYPE_BYTES[dtype] * count,
  });
}

interface ExpandArguments {
  /** Its first mask says which axes x has. */
  readonly axes: Axes;
  readonly x: BufferSlice;
  readonly factor: number;
  readonly out: BufferSlice;
  readonly dtype: FloatDType;
}

/** out = factor · x, repeated along the axes that x does not have. */
export function expand(device: Device, { axes, x, factor, out, dtype }: ExpandArguments): void {
  const { extents, masks } = axes;
  const [ofX = 0] = masks;
  const count = countOver(extents, ~0);
  device.launch({
    kernel: kernel('elementwise/expand', { RANK: extents.length }, { dtype }),
    bindings: [x, out],
    immediates: immediates(count, f32(factor), ...axesImmediates(extents), ofX),
    workgroups: flatGrid(device, count),
    label: 'expand',
    flops: count,
    bytes: DTYPE_BYTES[dtype] * (count + countOver(extents, ofX)),
  });
}
