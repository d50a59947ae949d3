import type { DecodedImage } from './decoded-image.ts';

/** The surroundings of a pixel: three boxes one after another, nearly a Gaussian of the shorter side over this. */
export const CONTRAST_PARTS = 8;
export const CONTRAST_BOXES = 3;
/** Standard deviations that make a pixel black or white. */
export const CONTRAST_LIMIT = 3.5;
/** Surroundings that vary by less, in gray levels, are flat but for noise. */
export const CONTRAST_FLAT = 2;

type Extents = Pick<DecodedImage, 'width' | 'height' | 'channels'>;

/**
 * Evens out light and contrast, for pictures that are lit or exposed differently: each pixel v of a channel becomes
 * (v − m) / max(s, 2), with the mean m and the standard deviation s of its surroundings; ±3.5 are black and white. Borders are reflected.
 *
 * Source: Jarrett et al., "What is the Best Multi-Stage Architecture for Object Recognition?", §2 (local contrast normalisation).
 *
 * @param parts of the shorter side, one of which is the radius of the surroundings
 */
export function localContrast(image: DecodedImage, parts: number = CONTRAST_PARTS): DecodedImage {
  const { excess, variances } = contrastOver(image, parts);
  return inDeviations(image, excess, variances);
}

/** How far each value lies above the mean of its surroundings, and the variance of those. */
export interface Contrast {
  readonly excess: Float32Array;
  readonly variances: Float32Array;
}

/** @param parts as for {@link localContrast} */
export function contrastOver(image: DecodedImage, parts: number): Contrast {
  const values = new Float32Array(image.pixels);
  const means = meansOver(values, image, parts);
  const excess = values.map((value, i) => value - (means[i] ?? 0));
  const squares = excess.map((value) => value * value);
  return { excess, variances: meansOver(squares, image, parts) };
}

/** An image of these values in standard deviations, 0 in the middle between black and white. */
export function inDeviations(image: DecodedImage, values: Float32Array, variances: Float32Array): DecodedImage {
  const isBytes = image.pixels instanceof Uint8Array;
  const shown = values.map((value, i) => {
    // Running sums may end a little below 0 where the surroundings are flat.
    const deviations = value / Math.max(CONTRAST_FLAT, Math.sqrt(Math.max(0, variances[i] ?? 0)));
    const level = 127.5 * (1 + Math.min(1, Math.max(-1, deviations / CONTRAST_LIMIT)));
    return isBytes ? Math.round(level) : level;
  });
  return { ...image, pixels: isBytes ? new Uint8Array(shown) : shown };
}

/** The mean of each value's surroundings. @param parts as for {@link localContrast} */
export function meansOver(values: Float32Array, { width, height, channels }: Extents, parts: number): Float32Array {
  const radius = Math.max(1, Math.round(Math.min(width, height) / parts));
  const [out, between] = [values.slice(), new Float32Array(values.length)];
  for (let box = 0; box < CONTRAST_BOXES; box++) {
    boxMeans(out, between, { length: width, inner: channels }, radius);
    boxMeans(between, out, { length: height, inner: width * channels }, radius);
  }
  return out;
}

/** The extent of the axis along which means are taken, and how many values lie side by side at each place of it. */
interface Line {
  length: number;
  inner: number;
}

/**
 * Each value becomes the mean of those up to `radius` places from it along one axis, the ends mirrored.
 *
 * @param source [any, length, inner]. @param out of the same shape
 */
function boxMeans(source: Float32Array, out: Float32Array, { length, inner }: Line, radius: number): void {
  const window = 2 * radius + 1;
  const sums = new Float64Array(inner);
  for (let start = 0; start < source.length; start += length * inner) {
    sums.fill(0);
    for (let i = -radius; i <= radius; i++) {
      const entering = start + mirrored(i, length) * inner;
      for (let j = 0; j < inner; j++) sums[j] = (sums[j] ?? 0) + (source[entering + j] ?? 0);
    }
    for (let i = 0; i < length; i++) {
      const target = start + i * inner;
      const entering = start + mirrored(i + radius + 1, length) * inner;
      const leaving = start + mirrored(i - radius, length) * inner;
      for (let j = 0; j < inner; j++) {
        const sum = sums[j] ?? 0;
        out[target + j] = sum / window;
        sums[j] = sum + (source[entering + j] ?? 0) - (source[leaving + j] ?? 0);
      }
    }
  }
}

/** Where what lies beyond the ends of a line is found in it: … 1 0 | 0 1 … n−1 | n−1 n−2 … */
function mirrored(i: number, length: number): number {
  if (i >= 0 && i < length) return i;
  const round = ((i % (2 * length)) + 2 * length) % (2 * length);
  return round < length ? round : 2 * length - 1 - round;
}
