import { afterAll, beforeAll, expect, test } from 'vitest';
import { Device } from '../../src/gpu/device.ts';
import type { Activation } from '../../src/kernels/activation.ts';
import { type NormProblem, normVariants } from '../../src/kernels/instanceNorm.ts';
import { scope } from '../../src/tensor/scope.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { poison, random, worst } from '../oracles/compare.ts';
import * as oracle from '../oracles/instanceNorm.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ checked: true });
});
afterAll(() => device.close());

const shapes = [
  [1, 3, 4],
  [2, 77, 12],
  [1, 1000, 36],
  [3, 513, 8],
  [2, 15, 5],
  [1, 4, 1],
] as const;
const kinds: [Activation, boolean, boolean][] = [
  ['none', false, false],
  ['relu', false, false],
  ['leaky_relu', true, false],
  ['tanh', true, false],
  ['none', true, true],
];

const cases = normVariants.flatMap((variant) =>
  shapes.flatMap((shape) =>
    kinds.map(([activation, affine, residual]) => ({ variant, shape, activation, affine, residual })),
  ),
);

test.each(cases)(
  '$variant.name $shape $activation affine=$affine residual=$residual',
  async ({ variant, shape, ...kind }) => {
    const [n, pixels, channels] = shape;
    const size = n * pixels * channels;
    const x = random(size).map((v, i) => v * 3 + (i % channels));
    const gamma = kind.affine ? random(channels) : new Float32Array(channels).fill(1);
    const beta = kind.affine ? random(channels) : new Float32Array(channels);
    const skip = random(size);
    const dy = random(size);
    const upload = (values: Float32Array) => Tensor.from(device, values, [values.length]);
    const problem = (g: Tensor, b: Tensor): NormProblem => ({
      n,
      pixels,
      channels,
      eps: 1e-5,
      activation: kind.activation,
      affine: kind.affine ? { gamma: g.slice, beta: b.slice } : null,
    });
    if (!variant.supports(problem(upload(gamma), upload(beta)))) return;
    const made = scope(() => {
      const [y, dx] = [upload(poison(size)), upload(poison(size))];
      const [stats, sums] = [upload(poison(2 * n * channels)), upload(poison(2 * n * channels))];
      const xs = upload(x).slice;
      const p = problem(upload(gamma), upload(beta));
      variant.forward(device, p, {
        x: xs,
        residual: kind.residual ? upload(skip).slice : null,
        stats: stats.slice,
        y: y.slice,
      });
      variant.backward(device, p, { x: xs, stats: stats.slice, dy: upload(dy).slice, sums: sums.slice, dx: dx.slice });
      return { y, dx, sums };
    });
    const expected = oracle.instanceNorm(shape, x, gamma, beta, dy, oracle.activations[kind.activation]);
    const y = expected.y.map((v, i) => v + (kind.residual ? skip[i]! : 0));
    expect(worst(await made.y.data(), y)).toBeLessThan(5e-6);
    expect(worst(await made.dx.data(), expected.dx)).toBeLessThan(2e-5);
    const sums = await made.sums.data();
    const total = (part: number) =>
      Float64Array.from({ length: channels }, (_, c) =>
        Array.from({ length: n }, (_, i) => sums[(2 * i + part) * channels + c]!).reduce((a, b) => a + b, 0),
      );
    expect(worst(total(0), expected.dBeta)).toBeLessThan(2e-5);
    expect(worst(total(1), expected.dGamma)).toBeLessThan(2e-5);
  },
);

test.each(normVariants)('$name keeps its digits when |mean| is 10,000 times the deviation', async (variant) => {
  const shape = [1, 700, 8] as const;
  const size = 700 * 8;
  const x = Float32Array.from(random(size), (v) => 10000 + v);
  const ones = new Float32Array(8).fill(1);
  const expected = oracle.instanceNorm(shape, x, ones, new Float32Array(8), x, oracle.activations.none);
  const problem: NormProblem = { n: 1, pixels: 700, channels: 8, eps: 1e-5, activation: 'none', affine: null };
  const y = Tensor.from(device, poison(size), [size]);
  const stats = Tensor.from(device, poison(16), [16]);
  variant.forward(device, problem, {
    x: Tensor.from(device, x, [size]).slice,
    residual: null,
    stats: stats.slice,
    y: y.slice,
  });
  // The mean itself is only known to an ulp of 10,000, about 0.001 of a deviation of 0.58.
  expect(worst(await y.data(), expected.y)).toBeLessThan(1.5e-3);
});
