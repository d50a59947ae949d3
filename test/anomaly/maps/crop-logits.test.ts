import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tiledNetworks } from '../../../src/anomaly/detector/tiled-networks.ts';
import { withCropLogits } from '../../../src/anomaly/maps/crop-logits.ts';
import { dnPixels, dnPixelsChange } from '../../../src/anomaly/maps/logits.ts';
import { passesOf } from '../../../src/anomaly/maps/passes.ts';
import { cropTiles, layOut } from '../../../src/anomaly/maps/tiles.ts';
import type { Networks } from '../../../src/cyclegan/network-set.ts';
import type { SegmentingDiscriminator } from '../../../src/cyclegan/unet-discriminator.ts';
import type { Device } from '../../../src/gpu/device.ts';
import { scope } from '../../../src/tensor/scope.ts';
import { Tensor } from '../../../src/tensor/tensor.ts';
import { expectClose } from '../../autograd/support.ts';
import { random } from '../../oracles/compare.ts';
import { openSegmenter } from './segmenter.ts';

const [H, W, C, SIDE] = [52, 40, 3, 24];

let device: Device;
let networks: Networks;
let judge: SegmentingDiscriminator;

beforeAll(async () => {
  ({ device, networks, judge } = await openSegmenter());
});
afterAll(() => device.close());

/** What the segmenter says of an image that it sees as it is. */
async function logitsOf(values: ArrayLike<number>, height: number, width: number): Promise<number[]> {
  const made = scope(() => judge.pixels(judge.hidden(Tensor.from(device, values, [1, height, width, C]))));
  return [...(await made.data())];
}

/** Where crops begin down and across: as few as overlap by half, evenly spread. */
const [TOPS, LEFTS] = [
  [0, 9, 19, 28],
  [0, 8, 16],
];

/** A half of what it says of an image as a whole and a half of what it says of crops, each weighted by sin² of its distance from the edge. */
async function expected(image: Float32Array): Promise<number[]> {
  const whole = await logitsOf(image, H, W);
  const fade = (i: number) =>
    Math.sin((Math.PI / 2) * Math.min(1, Math.min(i + 0.5, SIDE - i - 0.5) / (SIDE / 2))) ** 2;
  const [sums, weights] = [new Float64Array(H * W), new Float64Array(H * W)];
  for (const top of TOPS ?? []) {
    for (const left of LEFTS ?? []) {
      const crop = Float32Array.from({ length: SIDE * SIDE * C }, (_, i) => {
        const [row, column] = [Math.floor(i / (SIDE * C)), Math.floor(i / C) % SIDE];
        return image[((top + row) * W + left + column) * C + (i % C)] ?? Number.NaN;
      });
      for (const [i, logit] of (await logitsOf(crop, SIDE, SIDE)).entries()) {
        const [row, column] = [Math.floor(i / SIDE), i % SIDE];
        const [at, weight] = [(top + row) * W + left + column, fade(row) * fade(column)];
        sums[at] = (sums[at] ?? 0) + weight * logit;
        weights[at] = (weights[at] ?? 0) + weight;
      }
    }
  }
  return whole.map((logit, i) => (logit + (sums[i] ?? 0) / (weights[i] ?? 0)) / 2);
}

const seen = (x: Tensor, crop: number | null, tile: number | null = null) =>
  passesOf(networks, x, { tile, judged: { crop, share: 1 } });

describe('a segmenter that judges crops too', () => {
  it('gives each image of a batch the mean of what it says of the whole and of its crops', async () => {
    const images = [random(H * W * C), random(H * W * C)];
    const x = Tensor.from(device, Float32Array.from(images.flatMap((image) => [...image])), [2, H, W, C]);
    const before = device.pool.use.liveBytes;
    const logits = scope(() => seen(x, SIDE).pixelLogits());
    expect(logits.shape).toEqual([2, H, W, 1]);
    const found = await logits.data();
    logits.dispose();
    expect(device.pool.use.liveBytes).toBe(before);
    for (const [i, image] of images.entries())
      expectClose(found.slice(i * H * W, (i + 1) * H * W), await expected(image), 1e-5);
  });

  it('does so of x̂ as well', async () => {
    const image = random(H * W * C);
    const x = Tensor.from(device, image, [1, H, W, C]);
    const [map, change, made] = scope(() => {
      const passes = seen(x, SIDE);
      return [passes.placed(dnPixels), passes.placed(dnPixelsChange), passes.reconstruction()];
    });
    const [of, ofRepair] = [await expected(image), await expected(await made.data())];
    expectClose(
      await map.data(),
      of.map((logit) => -logit),
      1e-5,
    );
    expectClose(
      await change.data(),
      ofRepair.map((logit, i) => logit - (of[i] ?? Number.NaN)),
      1e-5,
    );
  });

  it('sees as one what a crop holds', () => {
    const x = Tensor.from(device, random(SIDE * SIDE * C), [1, SIDE, SIDE, C]);
    scope(() => {
      const whole = judge.pixels(judge.hidden(x));
      expect(withCropLogits(judge, whole, x, SIDE)).toBe(whole);
    });
  });

  it('judges crops of each tile of an image in tiles', async () => {
    const [side, tile] = [64, 40];
    const x = Tensor.from(device, random(side * side * C), [1, side, side, C]);
    const tiled = tiledNetworks(networks, tile);
    const [found, alone] = scope(() => {
      const tiles = cropTiles(x, layOut(x, tile).places);
      const whole = judge.pixels(judge.hidden(tiles));
      return [
        passesOf(tiled, x, { tile, judged: { crop: SIDE, share: 1 } }).pixelLogits(),
        withCropLogits(judge, whole, tiles, SIDE),
      ];
    });
    expect(found.shape).toEqual([4, tile, tile, 1]);
    expectClose(await found.data(), await alone.data(), 1e-6);
  });
});
