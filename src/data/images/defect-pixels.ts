import type { Mask } from './mask.ts';

/**
 * The pixels, as y · side + x, of an image `side` px square under which its mask, of any size, is not black throughout, so that
 * the smallest defect has one; null where the mask is black.
 */
export function defectPixels(
  { width, height, inside }: Pick<Mask, 'width' | 'height' | 'inside'>,
  side: number,
): Uint32Array | null {
  const marked = new Uint8Array(side * side);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (inside[y * width + x] !== 1) continue;
      for (const row of covered(y, height, side))
        for (const column of covered(x, width, side)) marked[row * side + column] = 1;
    }
  }
  const pixels = [...marked.keys()].filter((pixel) => marked[pixel] === 1);
  return pixels.length > 0 ? Uint32Array.from(pixels) : null;
}

/** Of `outLength` equal parts of a line, those that share some of part `index` of `length`. */
function covered(index: number, length: number, outLength: number): number[] {
  const first = Math.floor((index * outLength) / length);
  const end = Math.ceil(((index + 1) * outLength) / length);
  return Array.from({ length: end - first }, (_, i) => first + i);
}
