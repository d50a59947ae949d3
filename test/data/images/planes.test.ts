import { expect, it } from 'vitest';
import { asPlanes } from '../../../src/data/images/planes.ts';
import { inDeviations, meansOver, noise } from '../../oracles/local-contrast.ts';

it.each([
  [17, 23],
  [40, 9],
  [1, 1],
])('are evened out over an eighth, a third and the whole of %i × %i', (width, height) => {
  const image = noise(width, height, 1);
  const before = image.pixels.slice();
  const found = asPlanes(image, ['near', 'wide', 'whole']);
  expect(found).toMatchObject({ width, height, channels: 3 });
  expect(found.pixels).toBeInstanceOf(Uint8Array);
  for (const [plane, parts] of [8, 3, 1].entries()) {
    for (const [i, value] of inDeviations(image, parts).entries())
      expect(Math.abs((found.pixels[3 * i + plane] ?? 0) - value)).toBeLessThan(0.51);
  }
  expect(image.pixels).toEqual(before);
});

it.each([
  [53, 60],
  [120, 99],
  [1, 4],
])('are less the mirror image where that is asked for, of %i × %i', (width, height) => {
  const image = noise(width, height, 1);
  const found = asPlanes(image, ['mirror', 'near', 'mirror']);
  const means = meansOver([...image.pixels], image, 48);
  const difference = means.map((mean, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return mean - (means[y * width + (width - 1 - x)] ?? 0);
  });
  for (const [i, value] of inDeviations(image, 1, difference).entries()) {
    expect(Math.abs((found.pixels[3 * i] ?? 0) - value)).toBeLessThan(0.51);
    expect(found.pixels[3 * i + 2]).toBe(found.pixels[3 * i]);
  }
});

it('show what has no counterpart on the other side, and nothing of what is symmetric', () => {
  const [width, height] = [97, 64];
  const pixels = Uint8Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [Math.abs((i % width) - 48), Math.floor(i / width)];
    return 60 + 2 * x + ((7 * x + 13 * y) % 30);
  });
  const planesOf = (given: Uint8Array) =>
    asPlanes({ width, height, channels: 1, pixels: given }, ['mirror', 'mirror', 'mirror']).pixels;
  expect(new Set(planesOf(pixels))).toEqual(new Set([128]));
  const spot = pixels.slice();
  for (let y = 20; y < 26; y++) for (let x = 70; x < 76; x++) spot[y * width + x] = 250;
  const shown = planesOf(spot);
  expect(shown[3 * (23 * width + 73)]).toBeGreaterThan(200);
  expect(shown[3 * (23 * width + 96 - 73)]).toBeLessThan(55);
  expect(shown[3 * (50 * width + 73)]).toBe(128);
});

it('leave a wide band in the whole, which near surroundings even out', () => {
  const [width, height] = [96, 96];
  const pixels = Uint8Array.from(
    { length: width * height },
    (_, i) => (i < (width * height) / 2 ? 100 : 140) + (i % 7),
  );
  const { pixels: planes } = asPlanes({ width, height, channels: 1, pixels }, ['near', 'wide', 'whole']);
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
  const pixels = new Float32Array(16).map((_, i) => i / 7);
  const found = asPlanes({ width: 4, height: 4, channels: 1, pixels }, ['near', 'whole', 'mirror']);
  expect(found.pixels).toBeInstanceOf(Float32Array);
});
