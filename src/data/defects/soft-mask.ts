type Plane = { width: number; height: number };

/**
 * How much of a defect is laid on each pixel, so that its edge does not show: 1 inside, falling to 0 over two pixels around it.
 *
 * @param mask [height, width], not 0 inside @returns [height, width]
 */
export function softMask(mask: Uint8Array, { width, height }: Plane): Float32Array {
  const wide = grown(mask, { width, height }, 1);
  const soft = new Float32Array(mask.length);
  visitAround({ width, height }, 1, (pixel, neighbour, count) => {
    soft[pixel] = (soft[pixel] ?? 0) + (wide[neighbour] ?? 0) / count;
  });
  return soft;
}

/** The mask and all pixels up to `by` rows and columns from it: 1 inside, 0 outside. */
export function grown(mask: Uint8Array, { width, height }: Plane, by: number): Uint8Array {
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

/** Every pixel with each pixel up to `radius` from it, itself among them, and how many these are. */
function visitAround(
  { width, height }: Plane,
  radius: number,
  visit: (pixel: number, neighbour: number, count: number) => void,
): void {
  for (let y = 0; y < height; y++) {
    const [top, bottom] = [Math.max(0, y - radius), Math.min(height - 1, y + radius)];
    for (let x = 0; x < width; x++) {
      const [left, right] = [Math.max(0, x - radius), Math.min(width - 1, x + radius)];
      const count = (bottom - top + 1) * (right - left + 1);
      for (let v = top; v <= bottom; v++) {
        for (let u = left; u <= right; u++) visit(y * width + x, v * width + u, count);
      }
    }
  }
}
