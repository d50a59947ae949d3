/**
 * out[0] = factor · Σ term(a, b): sums over all elements of a pointwise function of one or two tensors, and their gradients.
 *
 * The ladder; llvmpipe (Mesa 25.0.7), 2 cores, f32. Not timed on a GPU:
 * - naive: the formula, one invocation. 36 elements, with the launch, 2026-11-25: 0.28 ms.
 * - split: workgroups of 256 lanes leave partial sums, a second launch adds them up. 36 elements 0.44 ms; 196,608 elements 0.5 ms, in
 *   shares of 16,384 (bench/NOTES.md).
 * - single: one workgroup and one launch, up to 65,536 elements. 36 elements 0.27 ms.
 */
import type { Device } from '../gpu/device.ts';
import { type BufferSlice, ceilDiv, f32, immediates } from '../gpu/launch.ts';
import { flatGrid } from './flat-grid.ts';
import { DTYPE_BYTES, type FloatDType, kernel } from './source.ts';
import { withParts } from './sum-parts.ts';
import type { Operation, Variant } from './variant.ts';

/** What is summed: a, |a − b|, (a − b)², or the binary cross-entropy of logit a against b. */
export type Term = 'sum' | 'l1' | 'mse' | 'bce';

/** What stands against a: as many elements, or two constants, one for the first half of a and one for the rest. */
export type Against = BufferSlice | readonly [first: number, second: number];

/** What the backward kernel differentiates by: a, or the target b of the cross-entropy (the others are symmetric). */
export type TermGradient = Term | 'bce_target';

const CODES: Readonly<Record<TermGradient, number>> = { sum: 0, l1: 1, mse: 2, bce: 3, bce_target: 4 };

const LANES = 256;
/** Elements up to which one workgroup ends sooner than two launches. */
const SINGLE = 65536;
/** Elements of a workgroup, where there are several: enough to be worth its barriers, which are dear on CPU adapters. */
const SHARE = 16384;
/** Enough workgroups to fill a large GPU, few enough for one workgroup to add up what they leave. */
const MAX_GROUPS = 256;

export interface ReduceProblem {
  /** Elements of a. */
  count: number;
  /** That of a and b; the sum is f32. */
  dtype: FloatDType;
}

export interface ReduceArguments {
  term: Term;
  factor: number;
  a: BufferSlice;
  b: Against;
  /** Receives one number. */
  out: BufferSlice;
}

/** One launch of the kernel: each workgroup leaves the sum of its elements. */
function sums(
  device: Device,
  { count, dtype }: ReduceProblem,
  { term, factor, a, b, out }: ReduceArguments,
  workgroups: number,
): void {
  device.launch({
    kernel: kernel('reduce/whole', { KIND: CODES[term] }, { dtype }),
    bindings: [a, 'buffer' in b ? b : a, out],
    immediates: immediates(count, f32(factor), ...constants(b, count)),
    workgroups: [workgroups, 1, 1],
    label: `${term}.forward`,
    flops: 3 * count,
    bytes: ('buffer' in b ? 2 : 1) * DTYPE_BYTES[dtype] * count,
  });
}

const single: Variant<ReduceProblem, ReduceArguments> = {
  name: 'single',
  madeFor: 'any',
  sources: ['reduce/whole'],
  workgroupBytes: 4 * LANES,
  supports: (_, { count }) => count <= SINGLE,
  launch: (device, problem, args) => sums(device, problem, args, 1),
};

/** Many workgroups leave partial sums, a second launch adds those, all in an order that depends on the count alone. */
const split: Variant<ReduceProblem, ReduceArguments> = {
  name: 'split',
  madeFor: 'any',
  sources: ['reduce/whole'],
  workgroupBytes: 4 * LANES,
  supports: () => true,
  launch(device, problem, args) {
    const parts = Math.min(ceilDiv(problem.count, SHARE), MAX_GROUPS);
    withParts(device, parts, (partials) => {
      sums(device, problem, { ...args, factor: 1, out: partials }, parts);
      const total = { term: 'sum', factor: args.factor, a: partials, b: partials, out: args.out } as const;
      sums(device, { count: parts, dtype: 'f32' }, total, 1);
    });
  },
};

const naive: Variant<ReduceProblem, ReduceArguments> = {
  name: 'naive',
  madeFor: 'any',
  sources: ['reduce/naive'],
  workgroupBytes: 0,
  supports: () => true,
  launch: (device, { count, dtype }, { term, factor, a, b, out }) =>
    device.launch({
      kernel: kernel('reduce/naive', { KIND: CODES[term] }, { dtype }),
      bindings: [a, 'buffer' in b ? b : a, out],
      immediates: immediates(count, f32(factor), ...constants(b, count)),
      workgroups: [1, 1, 1],
      label: `${term}.forward`,
      flops: 3 * count,
      bytes: ('buffer' in b ? 2 : 1) * DTYPE_BYTES[dtype] * count,
    }),
};

/** out[0] = factor · Σ term(a, b). */
export const reduce: Operation<ReduceProblem, ReduceArguments> = {
  name: 'reduce',
  variants: [single, split, naive],
  describe: ({ count, dtype }) => `[${count}] ${dtype}`,
  exampleArguments: ({ count, dtype }, buffers, full = false) => ({
    term: full ? 'mse' : 'l1',
    factor: 1 / count,
    a: buffers.input(count, dtype),
    b: full ? [0.75, 0.75] : buffers.input(count, dtype),
    out: buffers.output(1),
  }),
};

interface ReduceBackwardArguments {
  readonly term: TermGradient;
  readonly factor: number;
  readonly a: BufferSlice;
  readonly b: Against;
  /** Of one element, in f32. */
  readonly gradOutput: BufferSlice;
  readonly gradient: BufferSlice;
  /** Elements of a, and of the gradient. */
  readonly count: number;
  /** Of a, b and the gradient; f32 unless told otherwise. */
  readonly dtype?: FloatDType;
}

/** gradient = gradOutput[0] · factor · ∂term/∂a (or ∂term/∂b for `bce_target`), element by element. */
export function reduceBackward(
  device: Device,
  { term, factor, a, b, gradOutput, gradient, count, dtype = 'f32' }: ReduceBackwardArguments,
): void {
  const vec4s = ceilDiv(count, 4);
  device.launch({
    kernel: kernel('reduce/backward', { KIND: CODES[term] }, { dtype }),
    bindings: [a, 'buffer' in b ? b : a, gradOutput, gradient],
    immediates: immediates(vec4s, f32(factor), ...constants(b, count)),
    workgroups: flatGrid(device, vec4s),
    label: `${term}.backward`,
    flops: 2 * count,
    bytes: ('buffer' in b ? 3 : 2) * DTYPE_BYTES[dtype] * count,
  });
}

/** The immediates that say whether b is made of constants, of which, and where the second begins. */
function constants(b: Against, count: number): [number, number, number, number] {
  return 'buffer' in b ? [0, 0, 0, 0] : [1, f32(b[0]), f32(b[1]), count / 2];
}
