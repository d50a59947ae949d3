import { cutToMultiple, type Size } from '../data/bank.ts';
import type { DecodedImage } from '../data/image.ts';

/**
 * A mask as it lies on the heat map of its image: stretched to the size at which the image was judged, where a pixel is
 * inside if at least half of its area is, then cut as the image was to sides that are multiples of `multiple`.
 *
 * @param mask of any size, not 0 where the defect is @param size of the judged image before the cut
 * @returns [height, width] after the cut: 1 inside, 0 outside
 */
export function maskOnMap(mask: DecodedImage, size: Size, multiple: number): Uint8Array {
  const { x, y, width, height } = cutToMultiple(size, multiple);
  const across = shares(mask.width, size.width).slice(x, x + width);
  const down = shares(mask.height, size.height).slice(y, y + height);
  const rows = Array.from({ length: mask.height }, (_, row) =>
    across.map((share) => covered(share, isInside(mask, row))),
  );
  const all = mask.width * mask.height;
  const out = new Uint8Array(width * height);
  for (const [row, share] of down.entries()) {
    for (let column = 0; column < width; column++) {
      const area = covered(share, (sourceRow) => rows[sourceRow]?.[column] ?? 0);
      out[row * width + column] = 2 * area >= all ? 1 : 0;
    }
  }
  return out;
}

/** Of which pixels of the source a pixel consists: the first, and how much of each, in units that sum to the source's length. */
interface Share {
  first: number;
  weights: number[];
}

/** In whole numbers, so that a half is a half. */
function shares(length: number, outLength: number): Share[] {
  return Array.from({ length: outLength }, (_, i) => {
    const [begin, end] = [i * length, (i + 1) * length];
    const first = Math.floor(begin / outLength);
    const count = Math.ceil(end / outLength) - first;
    const weights = Array.from({ length: count }, (_, k) => {
      const left = (first + k) * outLength;
      return Math.min(end, left + outLength) - Math.max(begin, left);
    });
    return { first, weights };
  });
}

function covered({ first, weights }: Share, inside: (index: number) => number): number {
  return weights.reduce((sum, weight, k) => sum + weight * inside(first + k), 0);
}

/** Colour masks are white in any channel. */
function isInside({ width, channels, pixels }: DecodedImage, row: number): (column: number) => number {
  return (column) => {
    const start = (row * width + column) * channels;
    return pixels.subarray(start, start + channels).some((value) => value > 0) ? 1 : 0;
  };
}
