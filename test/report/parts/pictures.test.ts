import { describe, expect, it } from 'vitest';
import { decodeBytes } from '../../../src/data/images/decode-bytes.ts';
import { heatColor, THRESHOLD_SHARE } from '../../../src/report/parts/heatmap.ts';
import { bytesInPage, encodePictures, type Picture } from '../../../src/report/parts/pictures.ts';

const [width, height] = [96, 64];
const gray = { width, height, channels: 1, pixels: new Uint8Array(width * height).fill(90) } as const;

/** A map that is cold but for hot spots of 3 × 3 pixels, like those of small defects. */
function mapWith(spots: readonly Spot[]): Float32Array {
  return Float32Array.from({ length: width * height }, (_, i) =>
    spots.some((spot) => distance(spot, i) <= 1)
      ? 1.5 * THRESHOLD_SHARE
      : 0.4 * THRESHOLD_SHARE * (1 + Math.sin(i / 9)),
  );
}

type Spot = readonly [x: number, y: number];

function distance([x, y]: Spot, i: number): number {
  return Math.max(Math.abs(x - (i % width)), Math.abs(y - Math.floor(i / width)));
}

const encoded = (heatmap: Float32Array) =>
  encodePictures(
    { original: gray, input: gray, reconstruction: gray, heatmap, size: { width, height } },
    { floor: 0, threshold: THRESHOLD_SHARE },
    null,
    false,
  );

describe('the pictures of a page', () => {
  it('are JPEG of the size of the image', async () => {
    const pictures = await encoded(mapWith([]));
    for (const { type, width: w, height: h, bytes } of Object.values<Picture>({ ...pictures })) {
      expect([type, w, h]).toEqual(['image/jpeg', width, height]);
      const back = await decodeBytes(bytes, 'x');
      expect([back.width, back.height]).toEqual([width, height]);
    }
    expect(Object.keys(pictures)).toEqual(['input', 'reconstruction', 'heatmap']);
  });

  it('show the photograph too, at their size, where networks saw it with light evened out', async () => {
    const [w, h] = [310, 200];
    const pixels = Float32Array.from({ length: w * h }, (_, i) => (i % w < w / 2 ? 40.2 : 199.7));
    const photograph = { width: w, height: h, channels: 1, pixels } as const;
    const pictures = await encodePictures(
      { original: photograph, input: gray, reconstruction: gray, heatmap: mapWith([]), size: { width, height } },
      { floor: 0, threshold: THRESHOLD_SHARE },
      null,
      true,
    );
    expect(Object.keys(pictures)[0]).toBe('photograph');
    const { bytes, ...size } = pictures.photograph ?? expect.fail('no photograph');
    expect(size).toEqual({ type: 'image/jpeg', width, height });
    const back = await decodeBytes(bytes, 'x');
    expect([back.width, back.height]).toEqual([width, height]);
    const at = (x: number) => back.pixels[back.channels * (20 * width + x)] ?? 0;
    expect(Math.abs(at(10) - 40)).toBeLessThan(4);
    expect(Math.abs(at(width - 10) - 200)).toBeLessThan(4);
  });

  it('keep small hot spots of a heat map warm, and the rest cold', async () => {
    const spots = Array.from(
      { length: 12 },
      (): Spot => [2 + Math.floor(Math.random() * (width - 4)), 2 + Math.floor(Math.random() * (height - 4))],
    );
    const { pixels } = await decodeBytes((await encoded(mapWith(spots))).heatmap.bytes, 'x');
    const warmth = ([red = 0, , blue = 0]: ArrayLike<number> & Iterable<number>) => red - blue;
    const least = warmth(heatColor(1.5 * THRESHOLD_SHARE)) / 2;
    for (let i = 0; i < width * height; i++) {
      const isWarm = warmth(pixels.subarray(3 * i, 3 * i + 3)) > least;
      const nearest = Math.min(...spots.map((spot) => distance(spot, i)));
      // At the rim of a spot either may be.
      if (nearest === 0) expect(isWarm).toBe(true);
      if (nearest > 2) expect(isWarm).toBe(false);
    }
  });

  it('take four letters of the page for three bytes', async () => {
    const pictures = await encoded(mapWith([]));
    const { input, reconstruction, heatmap } = pictures;
    expect(bytesInPage(pictures)).toBe(
      [input, reconstruction, heatmap].reduce(
        (sum, { bytes }) => sum + Buffer.from(bytes).toString('base64').length,
        0,
      ),
    );
  });
});
