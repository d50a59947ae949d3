import { afterAll, beforeAll, expect, test } from 'vitest';
import { bceWithLogits } from '../../src/autograd/losses/bce-with-logits.ts';
import { backward } from '../../src/autograd/tape.ts';
import { weighted } from '../../src/autograd/weighted.ts';
import { defectsBySize, normalThenDefects } from '../../src/cyclegan/losses.ts';
import { segmentationLoss } from '../../src/cyclegan/segmentation-loss.ts';
import { unetDiscriminator } from '../../src/cyclegan/unet-discriminator.ts';
import type { Device } from '../../src/gpu/device.ts';
import { cast } from '../../src/tensor/cast.ts';
import { randomUniform } from '../../src/tensor/random.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { expectClose, gradOf, leaf, openPoisoned } from '../autograd/support.ts';
import { random } from '../oracles/compare.ts';

let device: Device;
beforeAll(async () => {
  device = await openPoisoned();
});
afterAll(() => device.close());

const [H, W] = [26, 35];
const PIXELS = H * W;
/** Pixels inside of a defect, image by image; of the last nothing is known. */
const AREAS = [1, 7, 44, 46, PIXELS, 0];
const SHAPE = [AREAS.length + 1, H, W, 1];

/** 1 inside of a defect, −1 outside, 0 in the last image; defects lie anywhere. */
function someDefects(): Float32Array {
  return Float32Array.from(
    AREAS.flatMap((area) =>
      Array.from({ length: PIXELS }, (_, i): [number, number] => [i < area ? 1 : -1, Math.random()])
        .sort(([, a], [, b]) => a - b)
        .map(([defect]) => defect),
    ).concat(Array(PIXELS).fill(0)),
  );
}

/** In float64. */
function expectedWeights(defects: Float32Array): number[] {
  return [...defects].map((defect, i) => {
    const area = AREAS[Math.floor(i / PIXELS)] ?? 0;
    return defect > 0.5 ? Math.max(1, Math.sqrt((0.05 * PIXELS) / area)) : 1;
  });
}

test.each(['f32', 'f16'] as const)(
  'pixels of small defects count more, by the root of their area, in %s',
  async (dtype) => {
    const values = someDefects();
    const defects = cast(Tensor.from(device, values, SHAPE), dtype);
    const found = await defectsBySize(defects).data();
    const ones = Array<number>(values.length).fill(1);
    expectClose(found, [...ones, ...expectedWeights(values)], dtype === 'f32' ? 1e-6 : 1e-3);
    // Among 910 pixels 45.5 are five of a hundred.
    expect(Math.max(...found)).toBeCloseTo(Math.sqrt(45.5), 2);
  },
);

test('what is learned from a pixel is multiplied by its weight, and the loss is as before', async () => {
  const values = someDefects();
  const defects = Tensor.from(device, values, SHAPE);
  const shape = [2 * (SHAPE[0] ?? 0), H, W, 1];
  const said = random(2 * values.length);
  const logits = leaf(device, said, shape);
  const labels = normalThenDefects(logits, defects);
  const loss = bceWithLogits(weighted(logits, defectsBySize(defects)), labels);
  backward(loss);
  const expected = [...said].map((logit, i) => {
    const at = i - values.length;
    const sigmoid = 1 / (1 + Math.exp(-logit));
    if (at < 0) return (sigmoid - 1) / said.length;
    const defect = values[at] ?? 0;
    return defect === 0 ? 0 : ((expectedWeights(values)[at] ?? 0) * (sigmoid - (0.5 - 0.5 * defect))) / said.length;
  });
  expectClose(await gradOf(logits), expected);
  expect(await loss.item()).toBe(await bceWithLogits(logits, labels).item());
}, 30_000);

test('a segmenter learns other weights by it, and without it those that it learned before there was a choice', async () => {
  const gradients = async (bySize?: boolean) => {
    const segmenter = unetDiscriminator(device, { channels: 1, ndf: 4, layers: 2, seed: 3, stream: 2 });
    const images = (stream: number) => randomUniform(device, [2, 32, 32, 1], { seed: 7, stream, low: -1, high: 1 });
    const inside = Array.from({ length: 2 * 1024 }, (_, i) => (i % 1024 > 300 && i % 1024 < 306 ? 1 : -1));
    const domains = { a: images(0), b: images(1), defects: Tensor.from(device, inside, [2, 32, 32, 1]) };
    const loss = segmentationLoss(segmenter, domains, bySize);
    backward(loss);
    const [first] = segmenter.parameters();
    if (!first) throw new Error('no parameters');
    return { value: await loss.item(), gradient: await gradOf(first) };
  };
  const [plain, off, on] = [await gradients(), await gradients(false), await gradients(true)];
  expect(off).toEqual(plain);
  expect(on.value).toBe(plain.value);
  expect(on.gradient).not.toEqual(plain.gradient);
});
