import type { DecodedImage } from './image.ts';

/** The surroundings of a pixel: three boxes one after another, nearly a Gaussian of this share of the shorter side. */
const SHARE = 1 / 8;
const BOXES = 3;
/** Standard deviations that make a pixel black or white. */
const LIMIT = 3.5;
/** Surroundings that vary by less, in gray levels, are flat but for noise. */
const FLAT = 2;

/**
 * Evens out light and contrast, for pictures that are lit or exposed differently: each pixel v of a channel becomes
 * (v − m) / max(s, 2), with the mean m and the standard deviation s of its surroundings; ±3.5 are black and white. Borders are reflected.
 *
 * Source: Jarrett et al., "What is the Best Multi-Stage Architecture for Object Recognition?", §2 (local contrast normalisation).
 */
export function localContrast({ width, height, channels, pixels }: DecodedImage): DecodedImage {
  const radius = Math.max(1, Math.round(SHARE * Math.min(width, height)));
  const around = (plane: Float32Array) => blurred(plane, { width, height, channels }, radius);
  const values = Float32Array.from(pixels);
  const means = around(values);
  const excess = values.map((value, i) => value - (means[i] ?? 0));
  const variances = around(excess.map((value) => value * value));
  const out = Uint8Array.from(excess, (value, i) => {
    const deviations = value / Math.max(FLAT, Math.sqrt(variances[i] ?? 0));
    return Math.round(127.5 * (1 + Math.min(1, Math.max(-1, deviations / LIMIT))));
  });
  return { width, height, channels, pixels: out };
}

function blurred(
  plane: Float32Array,
  { width, height, channels }: { width: number; height: number; channels: number },
  radius: number,
): Float32Array {
  const out = plane.slice();
  const row = width * channels;
  for (let box = 0; box < BOXES; box++) {
    for (let start = 0; start < out.length; start += row) {
      for (let c = 0; c < channels; c++) boxMean(out, start + c, channels, width, radius);
    }
    for (let start = 0; start < row; start++) boxMean(out, start, row, height, radius);
  }
  return out;
}

/** In place: each of `length` values, `stride` apart, becomes the mean of those up to `radius` from it; the ends are mirrored. */
function boxMean(values: Float32Array, start: number, stride: number, length: number, radius: number): void {
  const line = Float64Array.from({ length }, (_, i) => values[start + i * stride] ?? 0);
  const at = (i: number) => line[mirrored(i, length)] ?? 0;
  let sum = 0;
  for (let i = -radius; i <= radius; i++) sum += at(i);
  for (let i = 0; i < length; i++) {
    values[start + i * stride] = sum / (2 * radius + 1);
    sum += at(i + radius + 1) - at(i - radius);
  }
}

/** The place inside a line that shows beyond its ends: … 1 0 | 0 1 … n−1 | n−1 n−2 … */
function mirrored(i: number, length: number): number {
  const round = ((i % (2 * length)) + 2 * length) % (2 * length);
  return round < length ? round : 2 * length - 1 - round;
}
