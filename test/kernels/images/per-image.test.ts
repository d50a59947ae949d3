import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { imageMeasurement } from '../../../src/anomaly/maps/difference.ts';
import type { Device } from '../../../src/gpu/device.ts';
import { hottestMean } from '../../../src/kernels/images/per-image.ts';
import { Tensor } from '../../../src/tensor/tensor.ts';
import { expectClose, openPoisoned } from '../../autograd/support.ts';
import { random } from '../../oracles/compare.ts';

let device: Device;
beforeAll(async () => {
  device = await openPoisoned();
});
afterAll(() => device.close());

const KINDS = ['l1', 'sum', 'eighth', 'mean', 'max'] as const;

/** Where the NaN lies: first, second, in a lane's second turn, and last. */
test.each(KINDS.flatMap((kind) => [0, 1, 300, 1022].map((at) => [kind, at] as const)))(
  'the %s of an image with a NaN at %i is NaN, and the other images of the batch keep theirs',
  async (kind, at) => {
    const size = 1023;
    const [values, others] = [random(3 * size), random(3 * size)];
    values[size + at] = Number.NaN;
    const shape = [3, 31, 33, 1];
    const b = kind === 'l1' ? Tensor.from(device, others, shape) : null;
    const [first, broken, last] = await imageMeasurement(kind, Tensor.from(device, values, shape), b).data();
    expect(broken).toBeNaN();
    const oracle = (image: number) => {
      const a = [...values.subarray(image * size, (image + 1) * size)];
      const difference = a.map((value, i) => value - others[image * size + i]!);
      if (kind === 'max') return Math.max(...a);
      if (kind === 'mean') return mean(a);
      if (kind === 'l1') return mean(difference.map(Math.abs));
      if (kind === 'sum') return size * mean(a);
      return mean(a.map((value) => value ** 8));
    };
    // A sum of both signs may end near 0, here both of them.
    const typical = { sum: Math.sqrt(size / 3), mean: Math.sqrt(size / 3) / size, l1: 0, eighth: 0, max: 0 };
    expectClose([first!, last!], [oracle(0), oracle(2)], 1e-5, typical[kind]);
  },
);

test('both signs and all payloads of NaN count, infinities do not', async () => {
  const bits = (word: number) => new Float32Array(Uint32Array.of(word).buffer)[0]!;
  const INF = Number.POSITIVE_INFINITY;
  const row = (middle: number) => Tensor.from(device, [1, middle, 2], [1, 1, 3, 1]);
  for (const word of [0x7fc00000, 0xffc00000, 0x7f800001, 0xffffffff]) {
    expect(await imageMeasurement('max', row(bits(word))).item()).toBeNaN();
  }
  expect(await imageMeasurement('max', row(INF)).item()).toBe(INF);
  expect(await imageMeasurement('max', row(-INF)).item()).toBe(2);
});

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('the mean of the hottest elements', () => {
  /** @param images of `count` elements */
  const found = async (values: ArrayLike<number>, count: number, hottest: number) => {
    const images = values.length / count;
    const a = Tensor.from(device, values, [images, count]);
    const out = Tensor.empty(device, [images]);
    hottestMean(device, { a: a.slice, out: out.slice, images, count, hottest });
    return await out.data();
  };
  const oracle = (values: readonly number[], hottest: number) =>
    mean(values.toSorted((a, b) => b - a).slice(0, hottest));
  const cut = (values: Float32Array, count: number) =>
    Array.from({ length: values.length / count }, (_, i) => [...values.subarray(i * count, (i + 1) * count)]);

  it.each([
    [1, 1, 1],
    [3, 7, 1],
    [2, 255, 255],
    [3, 257, 13],
    [2, 1023, 511],
    [1, 4097, 41],
  ])('of %i images with %i elements, %i hottest', async (images, count, hottest) => {
    for (const factor of [1, 1e-30, 1e30]) {
      const values = random(images * count).map((value) => value * factor);
      const expected = cut(values, count).map((image) => oracle(image, hottest));
      // Against the elements, not against their mean: that of all is near 0.
      const errors = [...(await found(values, count, hottest))].map(
        (value, n) => (value - (expected[n] ?? 0)) / factor,
      );
      expect(Math.max(...errors.map(Math.abs))).toBeLessThanOrEqual(1e-6);
    }
  });

  it('takes exactly so many of equal ones, of both signs and zeros', async () => {
    const count = 601;
    const values = random(3 * count).map((value) => Math.round(2 * value) / 2);
    values.fill(-0.25, count, 2 * count);
    for (const hottest of [1, 2, 7, 300, count]) {
      const expected = cut(values, count).map((image) => oracle(image, hottest));
      expectClose(await found(values, count, hottest), expected);
    }
  });

  it('is the largest of all, with its bits, and orders negative values and infinities', async () => {
    const values = random(999).map((value) => value - 5);
    expect([...(await found(values, 999, 1))]).toEqual([Math.max(...values)]);
    const INF = Number.POSITIVE_INFINITY;
    expect([...(await found([-INF, -3, 0, -0, 1e-44, INF], 6, 1))]).toEqual([INF]);
    expect([...(await found([-INF, -3, -2, -1e-44, -4, -9], 6, 3))][0]).toBeCloseTo(-5 / 3, 6);
  });

  it('is NaN where an element is, whatever its sign, payload and place, and others keep theirs', async () => {
    const count = 700;
    for (const word of [0x7fc00000, 0xffc00000, 0x7f800001, 0xffffffff]) {
      for (const at of [0, 300, count - 1]) {
        const values = random(2 * count);
        new Uint32Array(values.buffer)[at] = word;
        const [broken = 0, whole = 0] = await found(values, count, 70);
        expect(broken).toBeNaN();
        expectClose([whole], [oracle([...values.subarray(count)], 70)]);
      }
    }
  });

  it('has the same bits every time', async () => {
    const values = random(5000);
    const [first] = [[...(await found(values, 5000, 250))]];
    for (let again = 0; again < 3; again++) expect([...(await found(values, 5000, 250))]).toEqual(first);
  });
});
