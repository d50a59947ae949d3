import type { Size } from '../images/level-memory.ts';

/**
 * How much of a defect is laid on each pixel, so that its edge does not show: 1 inside, falling to 0 over two pixels around it.
 *
 * @param mask [height, width], not 0 inside @returns [height, width]
 */
export function softMask(mask: Uint8Array, { width, height }: Size): Float32Array {
  const wide = grown(mask, { width, height }, 1);
  const soft = new Float32Array(mask.length);
  for (let y = 0; y < height; y++) {
    const [top, bottom] = [Math.max(0, y - 1), Math.min(height - 1, y + 1)];
    for (let x = 0; x < width; x++) {
      const [left, right] = [Math.max(0, x - 1), Math.min(width - 1, x + 1)];
      const count = (bottom - top + 1) * (right - left + 1);
      const pixel = y * width + x;
      for (let v = top; v <= bottom; v++) {
        for (let u = left; u <= right; u++) soft[pixel] = (soft[pixel] ?? 0) + (wide[v * width + u] ?? 0) / count;
      }
    }
  }
  return soft;
}

/** The mask and all pixels up to `by` rows and columns from it: 1 inside, 0 outside. */
export function grown(mask: Uint8Array, { width, height }: Size, by: number): Uint8Array {
  const out = new Uint8Array(mask.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!mask[y * width + x]) continue;
      for (let v = Math.max(0, y - by); v <= Math.min(height - 1, y + by); v++) {
        out.fill(1, v * width + Math.max(0, x - by), v * width + Math.min(width - 1, x + by) + 1);
      }
    }
  }
  return out;
}
