/** Problems whose grids would exceed what a launch may have along an axis: 65,535 workgroups. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { convTranspose2d } from '../../src/autograd/conv-transpose2d.ts';
import { conv2d } from '../../src/autograd/conv2d.ts';
import { instanceNorm } from '../../src/autograd/instance-norm.ts';
import { backward } from '../../src/autograd/tape.ts';
import { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { gradOf, leaf } from '../autograd/support.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ checked: true });
});
afterAll(() => device.close());

const whole = (count: number) => Float32Array.from({ length: count }, (_, i) => (i % 5) - 2);
const ones = (shape: readonly number[]) =>
  Tensor.from(device, new Float32Array(shape.reduce((a, b) => a * b)).fill(1), shape);

test.each([
  [256, 4],
  [300, 1],
  [300, 3],
])('the gradient of a stride of %i pixels, %i channels in', async (stride, c) => {
  const [width, o] = [stride + 1, 4];
  const values = whole(width * c);
  const weights = whole(c * o);
  const x = leaf(device, values, [1, 1, width, c]);
  const w = leaf(device, weights, [1, 1, c, o]);
  const y = conv2d(x, w, null, { stride });
  expect(y.shape).toEqual([1, 1, 2, o]);
  backward(y, ones(y.shape));
  const sums = Array.from({ length: c }, (_, i) => weights.slice(i * o, i * o + o).reduce((a, b) => a + b));
  const expected = new Float32Array(width * c);
  for (const pixel of [0, stride]) expected.set(sums, pixel * c);
  expect(await gradOf(x)).toEqual(expected);
});

test('a transposed convolution of such a stride', async () => {
  const x = Tensor.from(device, [1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 2, 4]);
  const y = convTranspose2d(x, ones([1, 1, 4, 4]), null, { stride: 256 });
  const expected = new Float32Array(257 * 4);
  expected.fill(10, 0, 4);
  expected.fill(26, 256 * 4);
  expect(await y.data()).toEqual(expected);
});

test('the gradient of a kernel of 256 × 256 taps', async () => {
  const [side, c, o] = [256, 4, 4];
  const values = whole(side * side * c);
  const x = Tensor.from(device, values, [1, side, side, c]);
  const w = leaf(device, new Float32Array(side * side * c * o), [side, side, c, o]);
  backward(conv2d(x, w, null), Tensor.from(device, [1, 2, 3, 4], [1, 1, 1, o]));
  const expected = Float32Array.from({ length: w.size }, (_, i) => (values[Math.floor(i / o)] ?? 0) * ((i % o) + 1));
  expect(await gradOf(w)).toEqual(expected);
});

test('more output channels than 65,535 tiles hold', async () => {
  const o = 2_100_000;
  const w = Tensor.from(device, new Float32Array(4 * o).fill(0.5), [1, 1, 4, o]);
  const y = await conv2d(Tensor.from(device, [1, 2, 3, 4], [1, 1, 1, 4]), w, null).data();
  expect(y.every((value) => value === 5)).toBe(true);
  w.dispose();
});

test('what no variant can launch is refused in words', async () => {
  const x = Tensor.empty(device, [1, 1, 2, 524_281]);
  expect(() => instanceNorm(x)).toThrow(CyclopsError);
  expect(() => instanceNorm(x)).toThrow(
    /instanceNorm.forward needs 65536 × 1 × 1 workgroups, but .* takes at most 65535/,
  );
  await device.fence();
});
