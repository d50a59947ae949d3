import { describe, expect, it } from 'vitest';
import { maskOnMap } from '../../../src/anomaly/evaluation/mask-on-map.ts';
import type { DecodedImage } from '../../../src/data/images/decoded-image.ts';

import { randomNumbers } from '../../data/support.ts';

const gray = (width: number, height: number, pixels: number[]): DecodedImage => ({
  width,
  height,
  channels: 1,
  pixels: Uint8Array.from(pixels),
});

/** The share of each pixel that is inside, from many points in it. */
function sampled(
  { width, height, pixels }: DecodedImage,
  outWidth: number,
  outHeight: number,
  points: number,
): number[] {
  return Array.from({ length: outWidth * outHeight }, (_, i) => {
    const [left, top] = [i % outWidth, Math.floor(i / outWidth)];
    let inside = 0;
    for (let k = 0; k < points * points; k++) {
      const x = Math.floor(((left + ((k % points) + 0.5) / points) * width) / outWidth);
      const y = Math.floor(((top + (Math.floor(k / points) + 0.5) / points) * height) / outHeight);
      if (pixels[y * width + x]! > 0) inside += 1;
    }
    return inside / points ** 2;
  });
}

describe('maskOnMap', () => {
  it('of the same size stays as it is, whatever its gray or colour', () => {
    expect([...maskOnMap(gray(2, 2, [0, 1, 255, 0]), { width: 2, height: 2 }, 1)]).toEqual([0, 1, 1, 0]);
    const blue = { width: 2, height: 1, channels: 3, pixels: Uint8Array.of(0, 0, 9, 0, 0, 0) } as const;
    expect([...maskOnMap(blue, { width: 2, height: 1 }, 1)]).toEqual([1, 0]);
  });

  it('takes a pixel that is half inside, and none that is less', () => {
    const mask = gray(4, 4, [1, 0, 1, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1]);
    expect([...maskOnMap(mask, { width: 2, height: 2 }, 1)]).toEqual([1, 0, 1, 0]);
  });

  it('agrees with the area of every pixel, larger and smaller and of another shape', () => {
    const random = randomNumbers(3);
    for (const [width, height, outWidth, outHeight] of [
      [9, 7, 4, 5],
      [5, 4, 12, 11],
      [13, 3, 6, 8],
      [1, 1, 3, 2],
    ] as const) {
      const mask = gray(
        width,
        height,
        Array.from({ length: width * height }, () => (random() < 0.5 ? 0 : 200)),
      );
      const shares = sampled(mask, outWidth, outHeight, 120);
      const out = maskOnMap(mask, { width: outWidth, height: outHeight }, 1);
      for (const [i, share] of shares.entries())
        if (Math.abs(share - 0.5) > 0.03) expect(out[i]).toBe(share > 0.5 ? 1 : 0);
    }
  });

  it('is cut as the image is: evenly, to a multiple', () => {
    const size = { width: 7, height: 6 };
    const mask = gray(
      7,
      6,
      Array.from({ length: 42 }, (_, i) => (i % 7 === 1 || Math.floor(i / 7) === 4 ? 255 : 0)),
    );
    // Of 7 columns the first and the last two go, of 6 rows the first and the last.
    expect([...maskOnMap(mask, size, 4)]).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1]);
  });
});
