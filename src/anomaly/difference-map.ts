import type { Views } from './views.ts';

/** Side of the box that smooths a difference map, in pixels. */
const BOX = 5;

/** How a heat map is computed, for people. */
export const DIFFERENCE_MAP_FORMULA = `|x − x̂| averaged over channels, then over ${BOX} × ${BOX} pixels`;

/**
 * The heat map of an image [H, W]: |x − x̂| averaged over channels, then over a 5 × 5 box. At the border the box is cut,
 * and the mean is that of the pixels inside.
 */
export function differenceMap({ height, width, channels, x, reconstruction }: Views): Float32Array {
  const difference = new Float32Array(height * width);
  for (let i = 0; i < difference.length; i++) {
    let sum = 0;
    for (let c = i * channels; c < (i + 1) * channels; c++) sum += Math.abs((x[c] ?? 0) - (reconstruction[c] ?? 0));
    difference[i] = sum / channels;
  }
  const rows = boxMean(difference, height, width, 1, width);
  return boxMean(rows, width, height, width, 1);
}

/** Means along one axis: `lines` lines, `lineStride` apart, of `count` values each, `step` apart. */
function boxMean(values: Float32Array, lines: number, count: number, step: number, lineStride: number): Float32Array {
  const out = new Float32Array(values.length);
  const reach = (BOX - 1) / 2;
  for (let line = 0; line < lines; line++) {
    for (let i = 0; i < count; i++) {
      const from = Math.max(0, i - reach);
      const to = Math.min(count - 1, i + reach);
      let sum = 0;
      for (let j = from; j <= to; j++) sum += values[line * lineStride + j * step] ?? 0;
      out[line * lineStride + i * step] = sum / (to - from + 1);
    }
  }
  return out;
}
