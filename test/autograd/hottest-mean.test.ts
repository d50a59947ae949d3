import { afterAll, beforeAll, expect, test } from 'vitest';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { hottestMean } from '../../src/autograd/hottest-mean.ts';
import { backward } from '../../src/autograd/tape.ts';
import type { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { random } from '../oracles/compare.ts';
import { expectClose, gradOf, leaf, openPoisoned } from './support.ts';

let device: Device;
beforeAll(async () => {
  device = await openPoisoned();
});
afterAll(() => device.close());

/** Of each image, the mean of its largest elements, and the gradient of it, in float64. */
function oracle(values: ArrayLike<number>, images: number, hottest: number, gradOutput: ArrayLike<number>) {
  const count = values.length / images;
  const of = Array.from({ length: images }, (_, n) => {
    const own = Array.from({ length: count }, (_, i) => values[n * count + i]!);
    const sorted = own.toSorted((a, b) => b - a);
    const least = sorted[hottest - 1]!;
    const larger = own.filter((value) => value > least).length;
    const share = (hottest - larger) / own.filter((value) => value === least).length;
    const weights = own.map((value) => (value > least ? 1 : value === least ? share : 0));
    return {
      mean: sorted.slice(0, hottest).reduce((sum, value) => sum + value, 0) / hottest,
      grad: weights.map((weight) => (weight * gradOutput[n]!) / hottest),
    };
  });
  return { means: of.map(({ mean }) => mean), grads: of.flatMap(({ grad }) => grad) };
}

test.each([
  { shape: [1, 1], share: 1, hottest: 1 },
  { shape: [3, 7], share: 0.01, hottest: 1 },
  { shape: [2, 17, 15, 1], share: 0.5, hottest: 128 },
  { shape: [5, 31, 11, 3], share: 0.01, hottest: 11 },
  { shape: [2, 257], share: 1, hottest: 257 },
])('the mean of $hottest elements of each image of $shape, and its gradient', async ({ shape, share, hottest }) => {
  const images = shape[0]!;
  const size = shape.reduce((product, extent) => product * extent, 1);
  // Rounded, so that some are equal.
  for (const round of [(value: number) => value, (value: number) => Math.round(3 * value) / 3]) {
    const values = random(size).map(round);
    const gradOutput = random(images);
    const x = leaf(device, values, shape);
    const y = hottestMean(x, share);
    backward(y, Tensor.from(device, gradOutput, y.shape));
    const { means, grads } = oracle(values, images, hottest, gradOutput);
    expect(y.shape).toEqual([images]);
    // Against the elements, not against their mean: that of all is near 0.
    const errors = [...(await y.data())].map((value, n) => Math.abs(value - (means[n] ?? 0)));
    expect(Math.max(...errors)).toBeLessThanOrEqual(1e-6);
    expectClose(await gradOf(x), grads);
  }
});

test('its gradient is that of central differences', async () => {
  // Far enough apart that no difference changes which are largest.
  const values = Float32Array.from({ length: 24 }, (_, i) => ((i * 7) % 24) / 12 - 1);
  await gradcheck((x) => hottestMean(x, 0.25), [leaf(device, values, [2, 3, 4, 1])]);
});

test('refuses other shares', () => {
  const x = leaf(device, [1, 2], [1, 2]);
  for (const share of [0, -1, 1.5, Number.NaN]) expect(() => hottestMean(x, share)).toThrow(CyclopsError);
});
