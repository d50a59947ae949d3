import type { DecodedImage, LargeImage } from './decoded-image.ts';
import { partsBySharp, type SharpFormat } from './sharp.ts';
import type { ImageHeader } from './stored-image.ts';
import { toLevels, type ValueRange } from './value-range.ts';

/**
 * Opens an image that is too large to be decoded at once. What was read last is kept, for windows that lie side by side.
 *
 * @param head the first bytes of the file
 * @param range the values that are black and white @throws CyclopsError for a file of which no parts can be read
 */
export async function openLarge(
  path: string,
  head: Uint8Array,
  { width, height, format }: ImageHeader & { format: SharpFormat },
  range: ValueRange,
): Promise<LargeImage> {
  const read = await partsBySharp(path, head, format);
  const decode = async (top: number, rows: number) =>
    toLevels(await read({ left: 0, top, width, height: rows }), range, path, true);
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
