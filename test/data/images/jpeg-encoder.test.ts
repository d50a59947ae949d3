import { encode as encodeByJpegJs } from 'jpeg-js';
import { describe, expect, it } from 'vitest';
import type { DecodedImage } from '../../../src/data/images/decoded-image.ts';
import { decodeJpeg } from '../../../src/data/images/jpeg.ts';
import { encodeJpeg } from '../../../src/data/images/jpeg-encoder.ts';
import { ZIGZAG } from '../../../src/data/images/jpeg-tables.ts';

/** Waves and some noise. */
function picture(width: number, height: number, channels: 1 | 3, noise: number): DecodedImage {
  const [phase, slope] = [Math.random() * 6, 0.05 + Math.random() * 0.2];
  const pixels = Uint8Array.from({ length: width * height * channels }, (_, i) => {
    const [x, y] = [Math.floor(i / channels) % width, Math.floor(i / channels / width)];
    return 128 + 70 * Math.sin(phase + slope * x + 0.1 * y + (i % channels)) + noise * (Math.random() - 0.5);
  });
  return { width, height, channels, pixels };
}

function rootMeanSquare(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] ?? Number.NaN) - (b[i] ?? Number.NaN)) ** 2;
  return Math.sqrt(sum / a.length);
}

describe('encodeJpeg', () => {
  it.each([
    [1, 1, 3],
    [8, 8, 1],
    [13, 7, 3],
    [7, 33, 1],
    [96, 64, 3],
    [65, 129, 1],
  ] as const)('%s × %s of %s channels come back nearly as they were', (width, height, channels) => {
    const image = picture(width, height, channels, 10);
    const back = decodeJpeg(encodeJpeg(image, 100), 'x');
    expect([back.width, back.height, back.channels]).toEqual([width, height, channels]);
    expect(rootMeanSquare(back.pixels, image.pixels)).toBeLessThan(1);
  });

  it.each([10, 50, 85, 95])('is as exact and as small at quality %s as jpeg-js', (quality) => {
    const image = picture(200, 120, 3, 40);
    const data = Uint8Array.from({ length: 200 * 120 * 4 }, (_, i) =>
      i % 4 === 3 ? 255 : (image.pixels[Math.floor(i / 4) * 3 + (i % 4)] ?? 0),
    );
    const theirs = encodeByJpegJs({ width: 200, height: 120, data }, quality).data;
    const own = encodeJpeg(image, quality);
    const error = (bytes: Buffer) => rootMeanSquare(decodeJpeg(bytes, 'x').pixels, image.pixels);
    expect(Math.abs(error(own) / error(theirs) - 1)).toBeLessThan(0.02);
    expect(Math.abs(own.length / theirs.length - 1)).toBeLessThan(0.02);
  });

  it('keeps the extremes, whose coefficients are the largest', () => {
    const extreme = picture(64, 64, 3, 0);
    extreme.pixels.forEach((_, i) => {
      extreme.pixels[i] = Math.random() < 0.5 ? 0 : 255;
    });
    expect(rootMeanSquare(decodeJpeg(encodeJpeg(extreme, 100), 'x').pixels, extreme.pixels)).toBeLessThan(2);
  });

  it('gives the same bytes for the same pixels', () => {
    const image = picture(40, 24, 3, 30);
    expect(encodeJpeg(image, 85).equals(encodeJpeg({ ...image, pixels: image.pixels.slice() }, 85))).toBe(true);
  });
});

it('walks a block along its diagonals', () => {
  // The first and the last rows of figure A.6 of T.81.
  const at = (v: number, u: number) => ZIGZAG.indexOf(8 * v + u);
  const row = (v: number) => Array.from({ length: 8 }, (_, u) => at(v, u));
  expect(row(0)).toEqual([0, 1, 5, 6, 14, 15, 27, 28]);
  expect(row(7)).toEqual([35, 36, 48, 49, 57, 58, 62, 63]);
});
