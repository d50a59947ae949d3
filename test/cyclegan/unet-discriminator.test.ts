import { afterAll, beforeAll, expect, test } from 'vitest';
import { bceWithLogits } from '../../src/autograd/losses/bce-with-logits.ts';
import { backward } from '../../src/autograd/tape.ts';
import { normalThenDefects, unmaskedLoss } from '../../src/cyclegan/losses.ts';
import { unetDiscriminator, unetParameters } from '../../src/cyclegan/unet-discriminator.ts';
import type { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import { randomUniform } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { expectClose, gradOf, leaf, openPoisoned } from '../autograd/support.ts';

let device: Device;
beforeAll(async () => {
  device = await openPoisoned();
});
afterAll(() => device.close());

const start = { channels: 1, seed: 3, stream: 0 };
const image = (n: number, h: number, w: number, channels = 1) =>
  randomUniform(device, [n, h, w, channels], { seed: 7, stream: 1, low: -1, high: 1 });

test.each([
  [64, 64, 3, [8, 8]],
  [24, 100, 3, [3, 13]],
  [28, 26, 2, [7, 7]],
  [30, 24, 1, [15, 12]],
])('judges %i × %i px, halved %i times, in %j patches and every pixel', async (h, w, layers, patches) => {
  const net = unetDiscriminator(device, { ...start, channels: 3, ndf: 4, layers });
  const x = image(2, h, w, 3);
  const hidden = net.hidden(x);
  const made = { patches: net.judge(hidden), pixels: net.pixels(hidden), hidden: hidden.length };
  expect(made.patches.shape).toEqual([2, ...patches, 1]);
  expect(made.pixels.shape).toEqual([2, h, w, 1]);
  expect((await made.pixels.data()).every(Number.isFinite)).toBe(true);
  expect(made.hidden).toBe(layers);
  expect(net.hiddenFields).toHaveLength(layers);
  expect(net.field).toMatchObject({ stride: 2 ** layers, offset: 0.5 });
  net.dispose();
});

test.each([1, 2, 3])(
  'has as many parameters with %i layers as it is said to have, each with a name of its own',
  async (layers) => {
    const net = unetDiscriminator(device, { ...start, ndf: 5, layers });
    const stored = await net.stateDict();
    const numbers = [...stored.values()].reduce((sum, { data }) => sum + data.length, 0);
    expect(numbers).toBe(unetParameters({ channels: 1, ndf: 5, layers }));
    net.dispose();
  },
);

test('refuses images that are too small, and judges nothing without an image', () => {
  const net = unetDiscriminator(device, { ...start, ndf: 4, layers: 2 });
  expect(() => net.forward(image(1, 20, 64))).toThrow(/at least 24 px; got 20 × 64/);
  expect(() => net.judge([])).toThrow(CyclopsError);
  net.dispose();
});

test('it learns to find dark pixels, and the patches of the encoder stay a map of their own', async () => {
  const { Adam } = await import('../../src/optim/adam.ts');
  const net = unetDiscriminator(device, { ...start, ndf: 8, layers: 2 });
  const adam = new Adam(net.parameters(), { lr: 2e-3, betas: [0.9, 0.999] });
  const x = image(2, 24, 24);
  const values = await x.data();
  const targets = Tensor.from(
    device,
    Float32Array.from(values, (v) => (v < -0.5 ? 1 : 0)),
    x.shape,
  );
  const losses: number[] = [];
  for (let step = 0; step < 150; step++) {
    const loss = scope(() => {
      const own = bceWithLogits(net.pixels(net.hidden(x)), targets);
      adam.zeroGrad();
      backward([own]);
      adam.step();
      return own;
    });
    losses.push((await loss.data())[0] ?? Number.NaN);
    loss.dispose();
  }
  expect(losses.at(-1)).toBeLessThan(0.5 * (losses[0] ?? 0));
  adam.dispose();
  net.dispose();
});

test('its targets are 1 on normal images and 1 outside of defects, 0 inside; where nobody knows, what it says itself', async () => {
  // The masks of a bank are bytes, of which none is 0.
  const unknown = 128 / 127.5 - 1;
  const defects = Tensor.from(device, [1, -1, -1, 1, unknown, unknown], [2, 1, 3, 1]);
  const logits = Tensor.from(device, [-9, 0, 9, -9, 0, 9, -9, 0, 9, 1, 2, -2e38], [4, 1, 3, 1]);
  const targets = scope(() => normalThenDefects(logits, defects));
  expect(targets.shape).toEqual([4, 1, 3, 1]);
  expectClose(await targets.data(), [1, 1, 1, 1, 1, 1, 0, 1, 1, 0, 1 / (1 + Math.exp(-2)), 0]);
});

test('where nobody knows, pixels learn from their image alone, by its least normal hundredth', async () => {
  const values = Float32Array.from({ length: 800 }, (_, i) => ((i * 37) % 200) / 50 - 2);
  const shape = [4, 10, 20, 1];
  // Of the first abnormal image a mask is known, of the second none.
  const defects = Tensor.from(
    device,
    [...new Array(200).fill(-1), ...new Array(200).fill(128 / 127.5 - 1)],
    [2, 10, 20, 1],
  );
  const logits = leaf(device, values, shape);
  scope(() => backward(bceWithLogits(logits, normalThenDefects(logits, defects))));
  const ofPixels = await gradOf(logits);
  expect([...ofPixels.subarray(0, 600)].every((value) => value < 0)).toBe(true);
  expect(Math.max(...[...ofPixels.subarray(600)].map(Math.abs))).toBeLessThan(1e-8);

  const again = leaf(device, values, shape);
  const loss = scope(() => {
    const own = unmaskedLoss(again, defects);
    backward(own);
    return own;
  });
  // Each image holds −2 and −1.98 once: the two least normal logits of 200.
  const [h, sigma] = [1.99, 1 / (1 + Math.exp(-1.99))];
  const [asNormal, asAbnormal] = [Math.log1p(Math.exp(h)), Math.log1p(Math.exp(-h))];
  const entropy = sigma * asAbnormal + (1 - sigma) * asNormal;
  expectClose(await loss.data(), [(2 * asNormal + entropy + asAbnormal) / 4]);
  const ofImage = [...(await gradOf(again))];
  const learning = ofImage.flatMap((value, i) => (Math.abs(value) > 1e-8 ? [i] : []));
  const isMasked = (i: number) => i >= 400 && i < 600;
  expect(learning).toEqual([...values.keys()].filter((i) => !isMasked(i) && (values[i] ?? 0) < -1.97));
  // Normal images more normal, by a larger logit; the other less; a quarter for each image, half of it for each pixel.
  const [normal, abnormal] = [-sigma / 8, (1 - sigma) / 8];
  expectClose(
    learning.map((i) => ofImage[i] ?? 0),
    [...new Array(4).fill(normal), abnormal, abnormal],
  );
});
