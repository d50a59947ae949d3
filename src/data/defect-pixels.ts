import type { DecodedImage } from './image.ts';

/**
 * The pixels, as y · side + x, of an image `side` px square under which its mask, of any size, is not black; null where the
 * mask is black throughout.
 */
export function defectPixels({ width, height, channels, pixels }: DecodedImage, side: number): Uint32Array | null {
  const marked: number[] = [];
  for (let y = 0; y < side; y++) {
    const row = Math.floor(((y + 0.5) * height) / side);
    for (let x = 0; x < side; x++) {
      const column = Math.floor(((x + 0.5) * width) / side);
      const first = (row * width + column) * channels;
      if (pixels.subarray(first, first + channels).some((value) => value > 0)) marked.push(y * side + x);
    }
  }
  return marked.length > 0 ? Uint32Array.from(marked) : null;
}
