import type { DecodedImage } from '../../src/data/images/decoded-image.ts';
import { random } from './compare.ts';

/** The means of each value's surroundings, by three boxes, each pixel's neighbours looked up one by one. */
export function meansOver(
  values: readonly number[],
  { width, height, channels }: DecodedImage,
  parts: number,
): number[] {
  const radius = Math.max(1, Math.round(Math.min(width, height) / parts));
  const mirrored = (i: number, n: number): number => {
    if (i < 0) return mirrored(-1 - i, n);
    return i < n ? i : mirrored(2 * n - 1 - i, n);
  };
  const at = (x: number, y: number, c: number) => (mirrored(y, height) * width + mirrored(x, width)) * channels + c;
  const line = (plane: readonly number[], [across, down]: readonly [number, number]) =>
    plane.map((_, i) => {
      const [c, x, y] = [i % channels, Math.floor(i / channels) % width, Math.floor(i / channels / width)];
      let sum = 0;
      for (let d = -radius; d <= radius; d++) sum += plane[at(x + d * across, y + d * down, c)] ?? 0;
      return sum / (2 * radius + 1);
    });
  const box = (plane: readonly number[]) => line(line(plane, [1, 0]), [0, 1]);
  return box(box(box(values)));
}

/** Local contrast from the formula; or other values over the same standard deviations. */
export function inDeviations(image: DecodedImage, parts = 8, values?: readonly number[]): number[] {
  const means = meansOver([...image.pixels], image, parts);
  const excess = [...image.pixels].map((value, i) => value - (means[i] ?? 0));
  const variances = meansOver(
    excess.map((value) => value ** 2),
    image,
    parts,
  );
  return (values ?? excess).map((value, i) => {
    const deviations = value / Math.max(2, Math.sqrt(variances[i] ?? 0));
    return Math.max(0, Math.min(255, 127.5 + (127.5 * deviations) / 3.5));
  });
}

export function noise(width: number, height: number, channels: 1 | 3): DecodedImage {
  const pixels = Uint8Array.from(random(width * height * channels), (value) => 128 + 100 * Math.tanh(value));
  return { width, height, channels, pixels };
}
