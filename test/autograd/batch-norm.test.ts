import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BatchNormOptions, batchNorm } from '../../src/autograd/batch-norm.ts';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { backward } from '../../src/autograd/tape.ts';
import type { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { sizeOf } from '../oracles/axes.ts';
import { random, randomAs, tolerance, typicalSum } from '../oracles/compare.ts';
import { activations, instanceNorm } from '../oracles/instance-norm.ts';
import { expectClose, gradOf, leaf, openPoisoned } from './support.ts';

let device: Device;
beforeAll(async () => {
  device = await openPoisoned();
});
afterAll(() => device.close());

const shapes = [
  [2, 1, 1, 1],
  [1, 3, 2, 5],
  [3, 7, 5, 8],
  [5, 33, 17, 3],
];
const names = ['none', 'tanh'] as const;

const image = (dtype: 'f32' | 'f16', values: Float32Array, shape: number[]) => {
  const x = Tensor.from(device, values, shape, dtype);
  x.requiresGrad = true;
  return x;
};

describe.each(['f32', 'f16'] as const)('of %s', (dtype) => {
  test.each(shapes.flatMap((shape) => names.map((name) => [shape, name] as const)))(
    'in training %j has its own statistics, and moves the running ones; activation %s',
    async (shape, activation) => {
      const channels = shape[3]!;
      const pixels = sizeOf(shape) / channels;
      // Two values alone may be so near that eps decides.
      const values = randomAs(dtype, sizeOf(shape)).map((v, i) => (pixels === 2 ? i - 0.5 : v));
      const x = image(dtype, values, shape);
      const [weight, bias] = [leaf(device, random(channels), [channels]), leaf(device, random(channels), [channels])];
      const [means, variances] = [random(channels), random(channels).map((v) => 1.5 + v)];
      const [runningMean, runningVar] = [
        Tensor.from(device, means, [channels]),
        Tensor.from(device, variances, [channels]),
      ];
      const y = batchNorm(x, { weight, bias, runningMean, runningVar, training: true, momentum: 0.3, activation });
      const gradOutput = randomAs(dtype, y.size);
      backward(y, Tensor.from(device, gradOutput, shape, dtype));
      const [gamma, beta] = [await weight.data(), await bias.data()];
      const oracle = instanceNorm([1, pixels, channels], values, gamma, beta, gradOutput, activations[activation]);
      const allowed = tolerance(dtype, 1e-5);
      expectClose(await y.data(), oracle.y, allowed, 1);
      expectClose(await gradOf(x), oracle.dx, 2 * allowed, 1);
      expectClose(await gradOf(bias), oracle.sums.slice(0, channels), 2 * allowed, typicalSum(pixels));
      expectClose(await gradOf(weight), oracle.sums.slice(channels), 2 * allowed, typicalSum(pixels));
      const found = [await runningMean.data(), await runningVar.data()];
      for (let c = 0; c < channels; c++) {
        const unbiased = ((oracle.stats[channels + c]! ** -2 - 1e-5) * pixels) / (pixels - 1);
        expect(found[0]![c]).toBeCloseTo(0.7 * means[c]! + 0.3 * oracle.stats[c]!, 5);
        expect(found[1]![c]).toBeCloseTo(0.7 * variances[c]! + 0.3 * unbiased, 5);
      }
    },
  );

  test.each(shapes.flatMap((shape) => names.map((name) => [shape, name] as const)))(
    'by running statistics %j follows the formula; activation %s',
    async (shape, activation) => {
      const channels = shape[3]!;
      const values = randomAs(dtype, sizeOf(shape));
      const x = image(dtype, values, shape);
      const [gamma, beta] = [random(channels), random(channels)];
      const [mean, variance] = [random(channels), random(channels).map((v) => 1.5 + v)];
      const vector = (of: Float32Array) => leaf(device, of, [channels]);
      const [weight, bias] = [vector(gamma), vector(beta)];
      const [runningMean, runningVar] = [
        Tensor.from(device, mean, [channels]),
        Tensor.from(device, variance, [channels]),
      ];
      const y = batchNorm(x, { weight, bias, runningMean, runningVar, eps: 1e-3, activation });
      const gradOutput = randomAs(dtype, y.size);
      backward(y, Tensor.from(device, gradOutput, shape, dtype));
      const { value, slope } = activations[activation];
      const normal = (i: number) => (values[i]! - mean[i % channels]!) / Math.sqrt(variance[i % channels]! + 1e-3);
      const inner = (i: number) => gamma[i % channels]! * normal(i) + beta[i % channels]!;
      const slopes = [...gradOutput].map((g, i) => g * slope(inner(i)));
      const summed = (term: (i: number) => number) =>
        Array.from({ length: channels }, (_, c) =>
          slopes.reduce((sum, _, i) => sum + (i % channels === c ? term(i) : 0), 0),
        );
      const allowed = tolerance(dtype, 1e-5);
      expectClose(
        await y.data(),
        slopes.map((_, i) => value(inner(i))),
        allowed,
        1,
      );
      const dx = slopes.map((s, i) => (s * gamma[i % channels]!) / Math.sqrt(variance[i % channels]! + 1e-3));
      expectClose(await gradOf(x), dx, 2 * allowed, 1);
      const typical = typicalSum(y.size / channels);
      // The slope comes from a y that was rounded, and is multiplied by what may be as large as this.
      const largest = Math.max(1, ...slopes.map((_, i) => Math.abs(normal(i))));
      expectClose(
        await gradOf(weight),
        summed((i) => slopes[i]! * normal(i)),
        2 * allowed,
        typical * largest,
      );
      expectClose(
        await gradOf(bias),
        summed((i) => slopes[i]!),
        2 * allowed,
        typical,
      );
      expect([...(await runningMean.data())]).toEqual([...mean]);
      expect([...(await runningVar.data())]).toEqual([...variance]);
    },
  );
});

test('agrees with central differences', async () => {
  const inputs = () => [
    leaf(device, random(24), [2, 2, 3, 2]),
    leaf(device, random(2), [2]),
    leaf(device, random(2), [2]),
  ];
  await gradcheck((x, weight, bias) => batchNorm(x!, { weight: weight!, bias: bias!, training: true }), inputs());
  const running = { runningMean: Tensor.from(device, random(2), [2]), runningVar: Tensor.from(device, [0.5, 2], [2]) };
  await gradcheck((x, weight, bias) => batchNorm(x!, { weight: weight!, bias: bias!, ...running }), inputs());
  await gradcheck((x) => batchNorm(x!, running), inputs().slice(0, 1));
});

test.each<[string, number[], () => BatchNormOptions, RegExp]>([
  ['no running statistics', [1, 2, 2, 3], () => ({}), /needs a runningMean and a runningVar/],
  ['a weight alone', [1, 2, 2, 3], () => ({ training: true, weight: vector(3) }), /both a weight and a bias/],
  ['a mean alone', [1, 2, 2, 3], () => ({ runningMean: vector(3) }), /both a runningMean and a runningVar/],
  ['another number of channels', [1, 2, 2, 3], () => ({ weight: vector(2), bias: vector(2) }), /needs a weight \[3\]/],
  ['one pixel in training', [1, 1, 1, 3], () => ({ training: true }), /more than one pixel/],
  ['a momentum above 1', [1, 2, 2, 3], () => ({ training: true, momentum: 2 }), /momentum .* from 0 to 1; got 2/],
  ['a negative eps', [1, 2, 2, 3], () => ({ training: true, eps: -1 }), /eps .* 0 or more/],
])('%s is refused', (_, shape, options, message) => {
  const run = () => batchNorm(Tensor.empty(device, shape), options());
  expect(run).toThrow(CyclopsError);
  expect(run).toThrow(message);
});

const vector = (count: number) => Tensor.empty(device, [count]);
