import { CyclopsError } from '../../gpu/errors.ts';
import type { DecodedImage, LargeImage } from './decoded-image.ts';
import { checkStrip } from './limits.ts';
import { partsBySharp } from './sharp.ts';
import type { ImageHeader, SharpFormat } from './stored-image.ts';
import { toLevels, type ValueRange } from './value-range.ts';

/** Pixels a side: decoders keep several rows of an image, whatever is asked for. */
const MOST_A_SIDE = 2 ** 20;

/**
 * Opens an image that is too large to be decoded at once. What was read last is kept, for windows that lie side by side.
 *
 * @param head the first bytes of the file
 * @param range the values that are black and white @throws CyclopsError for a file of which no parts can be read, and one of whose rows take too much memory
 */
export async function openLarge(
  path: string,
  head: Uint8Array,
  header: ImageHeader & { format: SharpFormat },
  range: ValueRange,
): Promise<LargeImage> {
  const { width, height, format } = header;
  if (Math.max(width, height) > MOST_A_SIDE)
    throw new CyclopsError(
      `${path} announces ${width} × ${height} pixels; expected at most ${MOST_A_SIDE} on each side. Tile the image; if it is smaller in truth, it is damaged.`,
    );
  const read = await partsBySharp(path, head, format);
  const decode = async (top: number, rows: number) => {
    checkStrip(path, header, rows);
    return toLevels(await read({ left: 0, top, width, height: rows }), range, path, true);
  };
  let last: { top: number; rows: number; image: Promise<DecodedImage> } | null = null;
  return {
    width,
    height,
    rows: (top, rows) => {
      if (last?.top !== top || last.rows !== rows) last = { top, rows, image: decode(top, rows) };
      return last.image;
    },
  };
}
