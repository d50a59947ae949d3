import { afterAll, beforeAll, expect, test } from 'vitest';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { softmax } from '../../src/autograd/softmax.ts';
import { backward } from '../../src/autograd/tape.ts';
import type { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { sizeOf } from '../oracles/axes.ts';
import { random, randomAs } from '../oracles/compare.ts';
import { type Around, softmaxGradient, softmax as softmaxOracle } from '../oracles/softmax.ts';
import { expectClose, gradOf, leaf, openPoisoned } from './support.ts';

let device: Device;
beforeAll(async () => {
  device = await openPoisoned();
});
afterAll(() => device.close());

const cases: [shape: number[], axis: number, around: Around][] = [
  [[1], 0, [1, 1, 1]],
  [[7], -1, [1, 7, 1]],
  [[3, 5], 0, [1, 3, 5]],
  [[3, 5], 1, [3, 5, 1]],
  [[2, 3, 5, 7], 2, [6, 5, 7]],
  [[2, 3, 2, 3, 2, 3], 1, [2, 3, 36]],
  [[3, 1030], -1, [3, 1030, 1]],
  [[4, 300, 33], 1, [4, 300, 33]],
];

test.each(cases)('of %j along axis %d follows the formula, and its gradient', async (shape, axis, around) => {
  const values = random(sizeOf(shape)).map((v) => 5 * v);
  const x = leaf(device, values, shape);
  const y = softmax(x, axis);
  const gradOutput = random(y.size);
  backward(y, Tensor.from(device, gradOutput, shape));
  const expected = softmaxOracle(around, values);
  expectClose(await y.data(), expected);
  // What is taken off each gradient is a mean of up to 1 in size: an error is one of y times that.
  const most = Math.max(...expected);
  const gradient = softmaxGradient(around, expected, gradOutput);
  (await gradOf(x)).forEach((g, i) => void expect(Math.abs(g - gradient[i]!)).toBeLessThanOrEqual(4e-6 * most));
});

test('of f16 is f16', async () => {
  const values = randomAs('f16', 60);
  const x = Tensor.from(device, values, [3, 4, 5], 'f16');
  x.requiresGrad = true;
  const y = softmax(x, 1);
  backward(y, Tensor.from(device, randomAs('f16', 60), [3, 4, 5], 'f16'));
  expect([y.dtype, x.grad?.dtype]).toEqual(['f16', 'f16']);
  expectClose(await y.data(), softmaxOracle([3, 4, 5], values), 1e-3);
});

test('large numbers do not overflow', async () => {
  const y = await softmax(Tensor.from(device, [1e30, 1e30, -1e30, 1000, 1001, 1002], [2, 3])).data();
  expectClose(y, [0.5, 0.5, 0, ...softmaxOracle([1, 3, 1], [0, 1, 2])]);
});

test('agrees with central differences', async () => {
  await gradcheck((x) => softmax(x, 1), [leaf(device, random(24), [2, 3, 4])]);
});

test('refuses an axis that is not there', () => {
  expect(() => softmax(Tensor.empty(device, [2, 3]), 2)).toThrow(CyclopsError);
});
