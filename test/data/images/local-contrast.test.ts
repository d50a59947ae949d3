import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../../src/data/images/decode.ts';
import type { DecodedImage } from '../../../src/data/images/decoded-image.ts';

import { contrastPlanes, localContrast } from '../../../src/data/images/local-contrast.ts';
import { random } from '../../oracles/compare.ts';

/** From the formula: three means over boxes, each pixel's neighbours looked up one by one. */
function plain({ width, height, channels, pixels }: DecodedImage, parts = 8): number[] {
  const radius = Math.max(1, Math.round(Math.min(width, height) / parts));
  const mirrored = (i: number, n: number): number => {
    if (i < 0) return mirrored(-1 - i, n);
    return i < n ? i : mirrored(2 * n - 1 - i, n);
  };
  const at = (x: number, y: number, c: number) => (mirrored(y, height) * width + mirrored(x, width)) * channels + c;
  const box = (plane: number[]) =>
    plane.map((_, i) => {
      const [c, x, y] = [i % channels, Math.floor(i / channels) % width, Math.floor(i / channels / width)];
      let sum = 0;
      for (let dy = -radius; dy <= radius; dy++) {
        for (let dx = -radius; dx <= radius; dx++) sum += plane[at(x + dx, y + dy, c)] ?? 0;
      }
      return sum / (2 * radius + 1) ** 2;
    });
  const around = (plane: number[]) => box(box(box(plane)));
  const means = around([...pixels]);
  const excess = [...pixels].map((value, i) => value - (means[i] ?? 0));
  const variances = around(excess.map((value) => value ** 2));
  return excess.map((value, i) => {
    const deviations = value / Math.max(2, Math.sqrt(variances[i] ?? 0));
    return Math.max(0, Math.min(255, 127.5 + (127.5 * deviations) / 3.5));
  });
}

function noise(width: number, height: number, channels: 1 | 3): DecodedImage {
  const pixels = Uint8Array.from(random(width * height * channels), (value) => 128 + 100 * Math.tanh(value));
  return { width, height, channels, pixels };
}

describe('localContrast', () => {
  it.each<[number, number, 1 | 3]>([
    [17, 23, 1],
    [40, 9, 3],
    [1, 1, 1],
    [3, 1, 3],
  ])('is what the formula says for %i × %i × %i', (width, height, channels) => {
    const image = noise(width, height, channels);
    const before = image.pixels.slice();
    const found = localContrast(image);
    expect(found).toMatchObject({ width, height, channels });
    const expected = plain(image);
    for (const [i, value] of found.pixels.entries()) expect(Math.abs(value - (expected[i] ?? 0))).toBeLessThan(0.51);
    expect(image.pixels).toEqual(before);
  });

  it('hardly sees another exposure, and nothing of an even picture', () => {
    const image = noise(64, 64, 1);
    const darker = { ...image, pixels: image.pixels.map((value) => Math.round(20 + 0.4 * value)) };
    const [one, other] = [localContrast(image).pixels, localContrast(darker).pixels];
    expect(Math.max(...one.map((value, i) => Math.abs(value - (other[i] ?? 0))))).toBeLessThanOrEqual(2);
    expect(Math.max(...one) - Math.min(...one)).toBeGreaterThan(100);
    expect(new Set(localContrast({ ...image, pixels: image.pixels.map(() => 90) }).pixels)).toEqual(new Set([128]));
  });

  it.each([Uint8Array, Float32Array])('leaves the flat ground beside a texture gray: %o', (Pixels) => {
    const [width, height] = [300, 64];
    // Among hundreds of textures and grounds one whose sums end below 0.
    const texture = (i: number) => Math.imul(i + 1, 2654436539) >>> 24;
    const levels = Uint8Array.from({ length: width * height }, (_, i) => (i % width < 34 ? texture(i) : 133));
    const found = localContrast({ width, height, channels: 1, pixels: new Pixels(levels) }).pixels;
    // Twice three boxes of 8 px to each side are what a pixel looks at.
    const flat = found.filter((_, i) => i % width >= 34 + 48);
    expect(flat.every((level) => Math.round(level) === 128)).toBe(true);
  });

  it('gives the shipped photographs the bytes that published figures were made with', async () => {
    const folder = new URL('../../../data/bsdata_pitting/abnormal/', import.meta.url);
    const hash = createHash('sha256');
    for (const name of readdirSync(folder).sort()) {
      const { pixels } = localContrast(await decodeImage(fileURLToPath(new URL(name, folder))));
      hash.update(Uint8Array.from(pixels));
    }
    expect(hash.digest('hex')).toBe('c12f3720baf7858971ead57fd90d7d49b5d541f1409ca9bfbfb1feb3800f8e43');
  });
});

describe('contrastPlanes', () => {
  it.each([
    [17, 23],
    [40, 9],
    [1, 1],
  ])('are what the formula says over an eighth, a third and the whole of %i × %i', (width, height) => {
    const image = noise(width, height, 1);
    const before = image.pixels.slice();
    const found = contrastPlanes(image);
    expect(found).toMatchObject({ width, height, channels: 3 });
    expect(found.pixels).toBeInstanceOf(Uint8Array);
    for (const [plane, parts] of [8, 3, 1].entries()) {
      const expected = plain(image, parts);
      for (const [i, value] of expected.entries())
        expect(Math.abs((found.pixels[3 * i + plane] ?? 0) - value)).toBeLessThan(0.51);
    }
    expect(image.pixels).toEqual(before);
  });

  it('leave a wide band in the last, which the first evens out', () => {
    const [width, height] = [96, 96];
    const pixels = Uint8Array.from(
      { length: width * height },
      (_, i) => (i < (width * height) / 2 ? 100 : 140) + (i % 7),
    );
    const { pixels: planes } = contrastPlanes({ width, height, channels: 1, pixels });
    const meanOf = (plane: number, from: number) => {
      let sum = 0;
      for (let i = from * width; i < (from + 16) * width; i++) sum += planes[3 * i + plane] ?? 0;
      return sum / (16 * width);
    };
    const [near, whole] = [0, 2].map((plane) => Math.abs(meanOf(plane, 8) - meanOf(plane, 72)));
    expect(near).toBeLessThan(10);
    expect(whole).toBeGreaterThan(50);
  });

  it('keep the depth of floats', () => {
    const { pixels } = contrastPlanes({
      width: 4,
      height: 4,
      channels: 1,
      pixels: new Float32Array(16).map((_, i) => i / 7),
    });
    expect(pixels).toBeInstanceOf(Float32Array);
  });
});
