import { toChannels } from './channels.ts';
import type { ByteImage } from './decoded-image.ts';

/**
 * Puts images side by side, row under row, on white: each column as wide as its widest image, each row as high as its
 * highest, images at the upper left of their cells. RGB when any image is, else gray.
 *
 * @param gap pixels between cells and around them
 */
export function composeGrid(rows: ByteImage[][], gap: number): ByteImage {
  const columnCount = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columnCount }, (_, c) => Math.max(...rows.map((row) => row[c]?.width ?? 0)));
  const heights = rows.map((row) => Math.max(0, ...row.map((image) => image.height)));
  const channels = rows.flat().some((image) => image.channels === 3) ? 3 : 1;
  const width = total(widths, gap);
  const pixels = new Uint8Array(width * total(heights, gap) * channels).fill(255);

  let top = gap;
  for (const [r, row] of rows.entries()) {
    let left = gap;
    for (const [c, image] of row.entries()) {
      const source = toChannels(image, channels);
      const rowBytes = image.width * channels;
      for (let y = 0; y < image.height; y++) {
        pixels.set(source.pixels.subarray(y * rowBytes, (y + 1) * rowBytes), ((top + y) * width + left) * channels);
      }
      left += (widths[c] ?? 0) + gap;
    }
    top += (heights[r] ?? 0) + gap;
  }
  return { width, height: total(heights, gap), channels, pixels };
}

function total(sizes: number[], gap: number): number {
  return sizes.reduce((sum, size) => sum + size + gap, gap);
}
