import { afterAll, beforeAll, expect, test } from 'vitest';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { ssim, ssimByWindow, ssimPerImage } from '../../src/autograd/ssim.ts';
import { backward } from '../../src/autograd/tape.ts';
import type { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { random } from '../oracles/compare.ts';
import * as oracle from '../oracles/ssim.ts';
import { expectClose, golden, gradOf, leaf, openPoisoned } from './support.ts';

type Shape = [number, number, number, number];

let device: Device;
beforeAll(async () => {
  device = await openPoisoned();
});
afterAll(() => device.close());

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** To so much float32 has means of 121 values. */
const OF_MEANS = 4e-7;

/** On the scale of a similarity: where both means are near 0, slopes of up to 80 for both together multiply what they are off. */
function expectSimilarity(actual: ArrayLike<number>, expected: number[]): void {
  expect(actual.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) expect(Math.abs(actual[i]! - value)).toBeLessThan(80 * OF_MEANS);
}

/**
 * A gradient to 1e-4 of its largest element, or to what the means being off makes of it if that is more: where both are near 0 and alike,
 * the slope is small and changes fast.
 */
function expectGradient(actual: ArrayLike<number>, a: Float32Array, b: Float32Array, shape: Shape, factor = 1): void {
  const expected = oracle.ssimGradient(a, b, shape).map((g) => factor * g);
  expectClose(actual, expected, 1e-4, (factor * oracle.ssimBend(a, b, shape) * OF_MEANS) / 1e-4);
}

test.each<[Shape]>([[[2, 12, 11, 3]], [[1, 11, 11, 1]], [[3, 11, 13, 1]]])(
  'follows the definition at shape %j',
  async (shape) => {
    const count = shape.reduce((product, extent) => product * extent, 1);
    const a = random(count);
    const b = random(count).map((v, i) => 0.5 * v + 0.5 * a[i]!);
    const [x, y] = [leaf(device, a, shape), leaf(device, b, shape)];
    const similarity = ssim(x, y);
    backward(similarity, Tensor.from(device, [2], [1]));
    const perImage = oracle.ssimPerImage(a, b, shape);
    expectSimilarity(await similarity.data(), [mean(perImage)]);
    expectSimilarity(await ssimPerImage(x, y).data(), perImage);
    expectSimilarity(await ssimByWindow(x, y).data(), oracle.ssimWindows(a, b, shape).flat());
    expectGradient(await gradOf(x), a, b, shape, 2);
    expectGradient(await gradOf(y), b, a, shape, 2);
  },
);

test('holds on bright images that are nearly flat', async () => {
  const shape: Shape = [1, 12, 13, 1];
  const [a, b] = [random(156).map((v) => 0.9 + 0.01 * v), random(156).map((v) => 0.9 + 0.01 * v)];
  const [x, y] = [leaf(device, a, shape), leaf(device, b, shape)];
  const similarity = ssim(x, y);
  backward(similarity);
  expectSimilarity(await similarity.data(), oracle.ssimPerImage(a, b, shape));
  expectGradient(await gradOf(x), a, b, shape);
});

test('is 1, with no slope, for equal images', async () => {
  const values = random(2 * 15 * 12);
  const [x, y] = [leaf(device, values, [2, 15, 12, 1]), leaf(device, values, [2, 15, 12, 1])];
  const similarity = ssim(x, y);
  backward(similarity);
  expectSimilarity(await similarity.data(), [1]);
  for (const slope of await gradOf(x)) expect(Math.abs(slope)).toBeLessThan(1e-7);
});

test('agrees with central differences', async () => {
  const [x, y] = [leaf(device, random(121), [1, 11, 11, 1]), leaf(device, random(121), [1, 11, 11, 1])];
  await gradcheck(ssim, [x, y]);
});

test.each([
  ['images smaller than the window', [1, 10, 20, 1], [1, 10, 20, 1]],
  ['two shapes', [1, 20, 20, 1], [1, 20, 20, 3]],
  ['no image batch', [20, 20], [20, 20]],
])('refuses %s', (_, first, second) => {
  for (const run of [ssim, ssimPerImage]) {
    expect(() => run(Tensor.empty(device, first), Tensor.empty(device, second))).toThrow(CyclopsError);
  }
});

test('agrees with the reference framework', async () => {
  const of = golden('ssim');
  const x = leaf(device, of('input').data, of('input').shape);
  const y = leaf(device, of('target').data, of('target').shape);
  const similarity = ssim(x, y);
  backward(similarity, Tensor.from(device, of('grad_output').data, [1]));
  expectClose(await similarity.data(), of('output').data, 5e-6);
  expectClose(await gradOf(x), of('grad_input').data, 1.2e-5);
  expectClose(await gradOf(y), of('grad_target').data, 1.6e-5);
  const perChannel = [...of('per_channel_mean_skimage').data];
  expectSimilarity(await ssimPerImage(x, y).data(), [mean(perChannel.slice(0, 3)), mean(perChannel.slice(3))]);
});
