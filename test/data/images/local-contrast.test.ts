import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../../src/data/images/decode.ts';
import { localContrast } from '../../../src/data/images/local-contrast.ts';
import { inDeviations, noise } from '../../oracles/local-contrast.ts';

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
    const expected = inDeviations(image);
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
