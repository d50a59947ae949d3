import { afterAll, beforeAll, expect, test } from 'vitest';
import { imageMeasurement } from '../../../src/anomaly/maps/difference.ts';
import { ssimPerImage } from '../../../src/autograd/ssim.ts';
import type { Device } from '../../../src/gpu/device.ts';
import { Tensor } from '../../../src/tensor/tensor.ts';
import { expectClose, openPoisoned } from '../../autograd/support.ts';
import { random } from '../../oracles/compare.ts';

let device: Device;
beforeAll(async () => {
  device = await openPoisoned();
});
afterAll(() => device.close());

const KINDS = ['sse', 'l1', 'eighth', 'mean', 'max', 'min'] as const;

/** Where the NaN lies: first, second, in a lane's second turn, and last. */
test.each(KINDS.flatMap((kind) => [0, 1, 300, 1022].map((at) => [kind, at] as const)))(
  'the %s of an image with a NaN at %i is NaN, and the other images of the batch keep theirs',
  async (kind, at) => {
    const size = 1023;
    const [values, others] = [random(3 * size), random(3 * size)];
    values[size + at] = Number.NaN;
    const shape = [3, 31, 33, 1];
    const pair = kind === 'sse' || kind === 'l1' || kind === 'eighth';
    const b = pair ? Tensor.from(device, others, shape) : null;
    const [first, broken, last] = await imageMeasurement(kind, Tensor.from(device, values, shape), b).data();
    expect(broken).toBeNaN();
    const oracle = (image: number) => {
      const a = [...values.subarray(image * size, (image + 1) * size)];
      const difference = a.map((value, i) => value - others[image * size + i]!);
      const mean = (list: number[]) => list.reduce((sum, value) => sum + value, 0) / size;
      if (kind === 'max') return Math.max(...a);
      if (kind === 'min') return Math.min(...a);
      if (kind === 'mean') return mean(a);
      if (kind === 'l1') return mean(difference.map(Math.abs));
      if (kind === 'sse') return size * mean(difference.map((d) => d ** 2));
      return mean(difference.map((d) => d ** 8));
    };
    expectClose([first!, last!], [oracle(0), oracle(2)], 1e-5);
  },
);

test('both signs and all payloads of NaN count, infinities do not', async () => {
  const bits = (word: number) => new Float32Array(Uint32Array.of(word).buffer)[0]!;
  const INF = Number.POSITIVE_INFINITY;
  const row = (middle: number) => Tensor.from(device, [1, middle, 2], [1, 1, 3, 1]);
  for (const word of [0x7fc00000, 0xffc00000, 0x7f800001, 0xffffffff]) {
    for (const kind of ['max', 'min'] as const) expect(await imageMeasurement(kind, row(bits(word))).item()).toBeNaN();
  }
  expect(await imageMeasurement('max', row(INF)).item()).toBe(INF);
  expect(await imageMeasurement('max', row(-INF)).item()).toBe(2);
  expect(await imageMeasurement('min', row(-INF)).item()).toBe(-INF);
});

test('a reconstruction with a NaN has no least similarity', async () => {
  const values = random(16 * 16);
  values[200] = Number.NaN;
  const x = Tensor.from(device, random(16 * 16), [1, 16, 16, 1]);
  expect(await ssimPerImage(x, Tensor.from(device, values, [1, 16, 16, 1]), 'min').item()).toBeNaN();
});
