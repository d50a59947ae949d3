import { cutToMultiple, type Size } from '../../data/images/bank.ts';
import type { Mask } from '../../data/images/mask.ts';

/**
 * A mask as it lies on the heat map of its image: stretched to the size at which the image was judged, where a pixel is
 * inside if at least half of its area is, then cut as the image was to sides that are multiples of `multiple`.
 *
 * @param mask of any size @param size of the judged image before the cut
 * @returns [height, width] after the cut: 1 inside, 0 outside
 */
export function maskOnMap(mask: Pick<Mask, 'width' | 'height' | 'inside'>, size: Size, multiple: number): Uint8Array {
  const { x, y, width, height } = cutToMultiple(size, multiple);
  const across = shares(mask.width, size.width).slice(x, x + width);
  const down = shares(mask.height, size.height).slice(y, y + height);
  const { inside } = mask;
  const all = mask.width * mask.height;
  const out = new Uint8Array(width * height);
  for (const [row, { first: top, weights: heights }] of down.entries()) {
    const areas = new Float64Array(width);
    for (const [k, rowHeight] of heights.entries()) {
      const start = (top + k) * mask.width;
      for (const [column, { first, weights }] of across.entries()) {
        let covered = 0;
        for (let j = 0; j < weights.length; j++) covered += (weights[j] ?? 0) * (inside[start + first + j] ?? 0);
        areas[column] = (areas[column] ?? 0) + rowHeight * covered;
      }
    }
    for (let column = 0; column < width; column++) out[row * width + column] = 2 * (areas[column] ?? 0) >= all ? 1 : 0;
  }
  return out;
}

/** The pixels of the source that a pixel covers: the first of them, and how much of each, in units that sum to the source's length. */
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
