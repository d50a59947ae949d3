/** Convolutions in f32 by three products of f16 on matrices: as exact as is promised, whatever the size of the numbers. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { convTranspose2d } from '../../../src/autograd/conv-transpose2d.ts';
import { conv2d } from '../../../src/autograd/conv2d.ts';
import { mul } from '../../../src/autograd/mul.ts';
import { isSplitting, splitProducts } from '../../../src/autograd/split-products.ts';
import { sum } from '../../../src/autograd/sum.ts';
import { backward } from '../../../src/autograd/tape.ts';
import type { Device } from '../../../src/gpu/device.ts';
import type { BufferSlice } from '../../../src/gpu/launch.ts';
import { convForward } from '../../../src/kernels/conv2d/forward.ts';
import { convInputGrad } from '../../../src/kernels/conv2d/input-grad.ts';
import { offersSplit } from '../../../src/kernels/conv2d/matrix-tile.ts';
import { type ConvProblem, convSizes } from '../../../src/kernels/conv2d/problem.ts';
import { convWeightGrad } from '../../../src/kernels/conv2d/weight-grad.ts';
import { choose, exportChoices, run } from '../../../src/kernels/tuning/choices.ts';
import { convProblem } from '../../../src/kernels/tuning/odd-problems.ts';
import { scope } from '../../../src/tensor/scope.ts';
import { Tensor } from '../../../src/tensor/tensor.ts';
import { gradOf, leaf, openPoisoned } from '../../autograd/support.ts';
import { poison, random } from '../../oracles/compare.ts';
import * as oracle from '../../oracles/conv2d.ts';

let device: Device;
beforeAll(async () => {
  device = await openPoisoned();
});
afterAll(() => device.close());

/** The bar: the relative error in the norm of sums of 2304 products. */
const BAR = 1e-5;

const split = (problem: ConvProblem): ConvProblem => ({ ...problem, split: true });

interface Slices {
  a: BufferSlice;
  b: BufferSlice;
  out: BufferSlice;
}

/** A pass of a convolution: sums of 2304 products of numbers of a and of b. */
interface Pass {
  problem: ConvProblem;
  /** Which operand is a gradient. */
  gradient: 'a' | 'b' | null;
  sizes(k: ConvProblem): [a: number, b: number, out: number];
  /** The variant that computes it. */
  variant(k: ConvProblem): string;
  run(k: ConvProblem, slices: Slices): void;
  expected(k: ConvProblem, a: Float32Array, b: Float32Array): Float64Array;
}

const passes: Record<string, Pass> = {
  forward: {
    problem: split(convProblem([1, 8, 9, 256], 40, [3, 1, 1], 'reflect')),
    gradient: null,
    sizes: (k) => [convSizes(k).x, convSizes(k).weight, convSizes(k).y],
    variant: (k) => choose(device, convForward, k).name,
    run: (k, { a, b, out }) => run(device, convForward, k, { x: a, weight: b, bias: null, y: out, activation: 'none' }),
    expected: oracle.forward,
  },
  'input gradient': {
    problem: split(convProblem([1, 8, 9, 40], 256, [3, 1, 1], 'reflect')),
    gradient: 'a',
    sizes: (k) => [convSizes(k).y, convSizes(k).weight, convSizes(k).x],
    variant: (k) => choose(device, convInputGrad, k).name,
    run: (k, { a, b, out }) => run(device, convInputGrad, k, { dy: a, weight: b, bias: null, dx: out }),
    expected: oracle.inputGrad,
  },
  'weight gradient': {
    problem: split(convProblem([1, 48, 48, 24], 40, [1, 1, 0])),
    gradient: 'b',
    sizes: (k) => [convSizes(k).x, convSizes(k).y, convSizes(k).weight],
    variant: (k) => choose(device, convWeightGrad, k).name,
    run: (k, { a, b, out }) => run(device, convWeightGrad, k, { x: a, dy: b, dw: out, accumulate: false }),
    expected: oracle.weightGrad,
  },
};

/** From the normal distribution, by Box and Muller. */
const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());

const normals = (count: number, size: number) => Float32Array.from({ length: count }, () => size * normal());

/** With a heavy tail: the largest of 10,000 are a thousand times as large as the median. */
const heavy = (count: number, size: number) =>
  Float32Array.from({ length: count }, () => size * normal() * Math.exp(2 * normal()));

async function computed(pass: Pass, k: ConvProblem, a: Float32Array, b: Float32Array): Promise<Float32Array> {
  const staged = scope(() => {
    const [x, y] = [Tensor.from(device, a, [a.length]), Tensor.from(device, b, [b.length])];
    const out = Tensor.from(device, poison(pass.sizes(k)[2]), [pass.sizes(k)[2]]);
    pass.run(k, { a: x.slice, b: y.slice, out: out.slice });
    return out;
  });
  const values = await staged.data();
  staged.dispose();
  return values;
}

/** ‖found − expected‖ / ‖expected‖. */
function errorInNorm(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [difference, reference] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    difference += ((found[i] ?? Number.NaN) - expected[i]!) ** 2;
    reference += expected[i]! ** 2;
  }
  return Math.sqrt(difference / reference);
}

test.for([20, 28, 30])(
  'a channel of 2^%d that meets zeros alone leaves the others right',
  async (exponent, { skip }) => {
    skip(!offersSplit(device), 'this device offers no matrices for it');
    const pass = passes.forward;
    if (!pass) throw new Error('unreachable');
    const { problem: k } = pass;
    const [countA, countB] = pass.sizes(k);
    const x = normals(countA, 1).map((v, i) => (i % k.c === 0 ? 2 ** exponent : v));
    const weight = normals(countB, 1).map((v, i) => (Math.floor(i / k.o) % k.c === 0 ? 0 : v));
    expect(errorInNorm(await computed(pass, k, x, weight), pass.expected(k, x, weight))).toBeLessThan(BAR);
  },
);

describe.each(Object.entries(passes))('matrix products that are split, %s', (_, pass) => {
  const { problem: k, gradient, sizes, expected } = pass;
  const [countA, countB] = sizes(k);

  // Of the operand that is a gradient, if one is, and of the other.
  test.for([
    [1e-30, 1],
    [1e-8, 0.02],
    [1e-4, 0.02],
    [1, 1],
    [1e2, 1e-3],
    [1e6, 1e6],
    [1e20, 1e-30],
  ] as const)('sums of 2304, of numbers about %d and %d', async ([size, otherSize], { skip }) => {
    skip(!offersSplit(device), 'this device offers no matrices for it');
    expect(pass.variant(k)).toMatch(/^matrix.*_split$/);
    const make = (count: number, operand: 'a' | 'b') =>
      operand === (gradient ?? 'a') ? (gradient ? heavy : normals)(count, size) : normals(count, otherSize);
    const [a, b] = [make(countA, 'a'), make(countB, 'b')];
    expect(errorInNorm(await computed(pass, k, a, b), expected(k, a, b))).toBeLessThan(BAR);
  });

  test('zeros make zeros', async ({ skip }) => {
    skip(!offersSplit(device), 'this device offers no matrices for it');
    const zeros = new Float32Array(countA);
    expect((await computed(pass, k, zeros, normals(countB, 1))).every((v) => v === 0)).toBe(true);
    expect((await computed(pass, k, zeros, new Float32Array(countB))).every((v) => v === 0)).toBe(true);
  });

  test.for([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    '%d is met by no number, and hides none',
    async (value, { skip }) => {
      skip(!offersSplit(device), 'this device offers no matrices for it');
      for (const operand of [0, 1]) {
        const operands: [Float32Array, Float32Array] = [normals(countA, 1), normals(countB, 1)];
        operands[operand]![7] = value;
        const [found, whole] = [await computed(pass, k, ...operands), expected(k, ...operands)];
        const met = [...whole.keys()].filter((i) => !Number.isFinite(whole[i]));
        expect(met.length).toBeGreaterThan(0);
        expect(met.filter((i) => Number.isFinite(found[i]))).toEqual([]);
        const rest = [...whole.keys()].filter((i) => Number.isFinite(whole[i]));
        const of = (values: ArrayLike<number>) => rest.map((i) => values[i]!);
        // Where taps lie beside the image, zeros stand in for it, and meet weights.
        if (operand === 0 && rest.length > 0) expect(errorInNorm(of(found), of(whole))).toBeLessThan(BAR);
      }
    },
  );
});

describe('matrix products that are split, in a scope', () => {
  const shape = { x: [2, 6, 7, 16], weight: [3, 3, 16, 24] } as const;
  const sizeOf = (extents: readonly number[]) => extents.reduce((product, extent) => product * extent, 1);

  /** A convolution and a transposed one behind it, back to the size of x, with their gradients; `outside` is what surrounds them. */
  async function pass(
    outside: <T>(body: () => T) => T,
    data: Record<'x' | 'first' | 'second' | 'target', Float32Array>,
  ) {
    const x = leaf(device, data.x, shape.x);
    const [first, second] = [leaf(device, data.first, shape.weight), leaf(device, data.second, shape.weight)];
    const target = Tensor.from(device, data.target, shape.x);
    const body = () =>
      scope(() => {
        const y = outside(() => convTranspose2d(conv2d(x, first, null, { padding: 1 }), second, null, { padding: 1 }));
        backward(sum(mul(y, target)));
        return y;
      });
    const choices = exportChoices(device, body);
    const y = body();
    const values = [await y.data(), await gradOf(x), await gradOf(first), await gradOf(second)];
    for (const tensor of [x, first, second, target, y]) tensor.dispose();
    return { values, choices };
  }

  const data = {
    x: random(sizeOf(shape.x)),
    first: random(sizeOf(shape.weight)),
    second: random(sizeOf(shape.weight)),
    target: random(sizeOf(shape.x)),
  };

  test('convolutions and their gradients are, nothing else is, and outside all is as it was', async ({ skip }) => {
    skip(!offersSplit(device), 'this device offers no matrices for it');
    const exact = await pass((body) => body(), data);
    const found = await pass((body) => splitProducts(device, body), data);
    const after = await pass((body) => body(), data);
    const convolutions = Object.entries(found.choices).filter(([problem]) => problem.startsWith('conv2d'));
    // Either convolution goes one way in the pass forward and back in the other.
    expect(convolutions).toHaveLength(3);
    for (const [problem, variant] of convolutions) {
      expect(problem).toMatch(/ f32 split$/);
      expect(variant).toMatch(/^matrix.*_split$/);
    }
    expect(after).toEqual(exact);
    expect(() => splitProducts(device, async () => {})).toThrow(/returned a promise/);
    expect(isSplitting(device)).toBe(false);
    for (const [i, values] of found.values.entries()) expect(errorInNorm(values, exact.values[i]!)).toBeLessThan(BAR);
  });
});
