import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tiledNetworks } from '../../../src/anomaly/detector/tiled-networks.ts';
import { withCropLogits } from '../../../src/anomaly/maps/crop-logits.ts';
import { judgedPixels } from '../../../src/anomaly/maps/judged-pixels.ts';
import { passesOf } from '../../../src/anomaly/maps/passes.ts';
import { resized } from '../../../src/anomaly/maps/resized.ts';
import { cropTiles, layOut } from '../../../src/anomaly/maps/tiles.ts';
import type { Networks } from '../../../src/cyclegan/network-set.ts';
import type { SegmentingDiscriminator } from '../../../src/cyclegan/unet-discriminator.ts';
import type { Device } from '../../../src/gpu/device.ts';
import { scope } from '../../../src/tensor/scope.ts';
import { Tensor } from '../../../src/tensor/tensor.ts';
import { expectClose } from '../../autograd/support.ts';
import { resizedBicubic } from '../../oracles/bicubic.ts';
import { random } from '../../oracles/compare.ts';
import { openSegmenter } from './segmenter.ts';

const [N, H, W, C] = [2, 52, 40, 3];

let device: Device;
let networks: Networks;
let judge: SegmentingDiscriminator;

beforeAll(async () => {
  ({ device, networks, judge } = await openSegmenter());
});
afterAll(() => device.close());

/** Images [N, h, w, C] in another size, by the oracle. */
function expectedSize(
  x: ArrayLike<number>,
  [n, height, width, channels]: readonly [number, number, number, number],
  outHeight: number,
  outWidth: number,
  bounds: readonly [number, number] = [-Infinity, Infinity],
): number[] {
  const each = height * width * channels;
  return Array.from({ length: n }, (_, i) => {
    const pixels = Array.from({ length: each }, (_, k) => x[i * each + k] ?? Number.NaN);
    return resizedBicubic({ width, height, channels, pixels }, outWidth, outHeight, bounds);
  }).flat();
}

describe('a size for another', () => {
  it.each([
    [26, 20],
    [52, 40],
    [37, 63],
    [96, 8],
  ])('of %i × %i is that of the formula, whatever the values', async (height, width) => {
    const values = random(N * H * W * C).map((value) => 300 * value);
    const before = device.pool.use.liveBytes;
    const out = scope(() => resized(Tensor.from(device, values, [N, H, W, C]), { height, width }));
    expect(out.shape).toEqual([N, height, width, C]);
    expectClose(await out.data(), expectedSize(values, [N, H, W, C], height, width), 1e-3);
    out.dispose();
    expect(device.pool.use.liveBytes).toBe(before);
  });
});

describe('a segmenter that learned from smaller copies', () => {
  it.each([null, 24])('gives the mean of what it says of the image and of one, in crops of %s', async (crop) => {
    // Of black and white alone, so that much of it would lie beyond them.
    const values = random(N * H * W * C).map(Math.sign);
    const x = Tensor.from(device, values, [N, H, W, C]);
    // 0.6 of 52 and of 40 are 31.2 and 24, of which the nearest multiples of 4 are taken.
    const [h, w] = [32, 24];
    const seen = (image: Tensor) => {
      const whole = judge.pixels(judge.hidden(image));
      return crop === null ? whole : withCropLogits(judge, whole, image, crop);
    };
    // Bicubic values of an image beyond black and white are brought back.
    const small = Tensor.from(device, expectedSize(values, [N, H, W, C], h, w, [-1, 1]), [N, h, w, C]);
    const [found, large, ofSmall] = scope(() => [
      passesOf(networks, x, { tile: null, judged: { crop, share: 0.6 } }).pixelLogits(),
      seen(x),
      seen(small),
    ]);
    const grown = expectedSize(await ofSmall.data(), [N, h, w, 1], H, W);
    const own = await large.data();
    expectClose(
      await found.data(),
      grown.map((logit, i) => (logit + (own[i] ?? Number.NaN)) / 2),
      1e-4,
    );
  });

  it('sees a smaller copy of each tile of an image in tiles', async () => {
    const [side, tile, judged] = [96, 56, { crop: null, share: 0.5 }];
    const x = Tensor.from(device, random(side * side * C), [1, side, side, C]);
    const [found, alone] = scope(() => {
      const tiles = cropTiles(x, layOut(x, tile).places);
      const whole = judge.pixels(judge.hidden(tiles));
      return [
        passesOf(tiledNetworks(networks, tile), x, { tile, judged }).pixelLogits(),
        judgedPixels(judge, whole, tiles, judged),
      ];
    });
    expect(found.shape).toEqual([4, tile, tile, 1]);
    expectClose(await found.data(), await alone.data(), 1e-6);
  });

  it.each([
    [24, 0.5],
    [64, 0.99],
    [64, 1],
  ])('sees the image of %i px alone where the copy at %f of its size would be as large', (side, share) => {
    const x = Tensor.from(device, random(side * side * C), [1, side, side, C]);
    scope(() => {
      const whole = judge.pixels(judge.hidden(x));
      expect(judgedPixels(judge, whole, x, { crop: null, share })).toBe(whole);
    });
  });
});
