/** Sums over all elements of a pointwise function of one or two tensors, and their gradients. */
import type { Device } from '../gpu/device.ts';
import { type BufferSlice, f32, groups, immediates } from '../gpu/launch.ts';
import { flatGrid } from './elementwise.ts';
import { kernel } from './source.ts';
import { withParts } from './sumParts.ts';
import type { Operation, Variant } from './variant.ts';

/** What is summed: a, |a − b|, (a − b)², or the binary cross-entropy of logit a against b. */
export type Term = 'sum' | 'l1' | 'mse' | 'bce';

/** What the backward kernel differentiates by: a, or the target b of the cross-entropy (the others are symmetric). */
export type TermGradient = Term | 'bce_target';

const CODES: Readonly<Record<TermGradient, number>> = { sum: 0, l1: 1, mse: 2, bce: 3, bce_target: 4 };

const LANES = 64;
const VEC4S_PER_LANE = 8;
/** Enough workgroups to fill a large GPU, few enough for one workgroup to add up what they leave. */
const MAX_GROUPS = 256;

export interface ReduceProblem {
  /** Elements of a. */
  count: number;
}

export interface ReduceArguments {
  term: Term;
  factor: number;
  a: BufferSlice;
  /** A slice of as many elements, or one constant. */
  b: BufferSlice | number;
  /** Receives one number. */
  out: BufferSlice;
}

/** Many workgroups leave partial sums, a second launch adds those, all in an order that depends on the count alone. */
const split: Variant<ReduceProblem, ReduceArguments> = {
  name: 'split',
  madeFor: 'any',
  sources: ['reduce'],
  workgroupBytes: 4 * LANES,
  supports: () => true,
  launch(device, { count }, { term, factor, a, b, out }) {
    const parts = Math.min(groups(Math.ceil(count / 4), LANES * VEC4S_PER_LANE), MAX_GROUPS);
    withParts(device, parts, (partials) => {
      device.launch({
        kernel: kernel('reduce', 'rrw', { KIND: CODES[term] }),
        bindings: [a, typeof b === 'number' ? a : b, partials],
        immediates: immediates(count, f32(1), ...constant(b)),
        workgroups: [parts, 1, 1],
        label: `${term}.forward`,
        flops: 3 * count,
        bytes: (typeof b === 'number' ? 4 : 8) * count,
      });
      device.launch({
        kernel: kernel('reduce', 'rrw', { KIND: CODES.sum }),
        bindings: [partials, partials, out],
        immediates: immediates(parts, f32(factor), ...constant(0)),
        workgroups: [1, 1, 1],
        label: `${term}.forward.total`,
        flops: parts,
        bytes: 4 * parts,
      });
    });
  },
};

const naive: Variant<ReduceProblem, ReduceArguments> = {
  name: 'naive',
  madeFor: 'any',
  sources: ['reduce_naive'],
  workgroupBytes: 0,
  supports: () => true,
  launch: (device, { count }, { term, factor, a, b, out }) =>
    device.launch({
      kernel: kernel('reduce_naive', 'rrw', { KIND: CODES[term] }),
      bindings: [a, typeof b === 'number' ? a : b, out],
      immediates: immediates(count, f32(factor), ...constant(b)),
      workgroups: [1, 1, 1],
      label: `${term}.forward`,
      flops: 3 * count,
      bytes: (typeof b === 'number' ? 4 : 8) * count,
    }),
};

/** out[0] = factor · Σ term(a, b). */
export const reduce: Operation<ReduceProblem, ReduceArguments> = {
  name: 'reduce',
  variants: [split, naive],
  describe: ({ count }) => `[${count}]`,
  rehearse: ({ count }, stage) => ({
    term: 'l1',
    factor: 1 / count,
    a: stage.input(count),
    b: stage.input(count),
    out: stage.output(1),
  }),
};

/** gradient = gradOutput[0] · factor · ∂term/∂a (or ∂term/∂b for `bce_target`), element by element. */
export function reduceBackward(
  device: Device,
  term: TermGradient,
  factor: number,
  a: BufferSlice,
  b: BufferSlice | number,
  gradOutput: BufferSlice,
  gradient: BufferSlice,
  count: number,
): void {
  device.launch({
    kernel: kernel('reduce_backward', 'rrrw', { KIND: CODES[term] }),
    bindings: [a, typeof b === 'number' ? a : b, gradOutput, gradient],
    immediates: immediates(Math.ceil(count / 4), f32(factor), ...constant(b)),
    workgroups: flatGrid(count),
    label: `${term}.backward`,
    flops: 2 * count,
    bytes: (typeof b === 'number' ? 8 : 12) * count,
  });
}

/** The immediates that say whether b is a constant, and which. */
function constant(b: BufferSlice | number): [number, number] {
  return typeof b === 'number' ? [1, f32(b)] : [0, 0];
}
