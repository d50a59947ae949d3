import { bytesText } from '../../gpu/bytes.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import type { ImageHeader } from './stored-image.ts';

const MAX_SIDE = 16384;
export const MAX_PIXELS = 100e6;
/** Of an image that is read part by part: a slide. */
export const MAX_LARGE_PIXELS = 2 ** 30;
/** Of the samples of an image and the levels that are made of them. */
const MAX_BYTES = 2 ** 30;

/** What decides how much memory an image takes. */
type Extent = Pick<ImageHeader, 'width' | 'height' | 'channels' | 'bits'>;

/** Whether an image can be decoded as a whole. */
export function isWithinLimits(image: Extent): boolean {
  return isSize(image.width, image.height) && decodedBytes(image) <= MAX_BYTES;
}

/** Bytes of an image's samples, and of the levels that are made of them where those are not the same. */
export function decodedBytes({ width, height, channels, bits }: Extent): number {
  const colours = channels < 3 ? 1 : 3;
  const levels = bits === 8 ? (channels === colours ? 0 : colours) : 4 * colours;
  return width * height * ((channels * bits) / 8 + levels);
}

/**
 * Refuses image sizes that are empty or beyond any photograph, from the header alone and before memory is taken.
 *
 * @throws CyclopsError that names the file and the numbers
 */
export function checkSize(path: string, width: number, height: number): void {
  if (isSize(width, height)) return;
  if (width < 1 || height < 1) {
    throw new CyclopsError(
      `${path} announces ${width} × ${height} pixels, which are none: it is damaged. Expected a complete image; copy or export the file again, ` +
        'or remove it.',
    );
  }
  throw new CyclopsError(
    `${path} announces ${width} × ${height} pixels; expected 1 to ${MAX_SIDE} on each side and at most ` +
      `${MAX_PIXELS / 1e6} million in all. Reduce or tile the image, or score it in tiles (--tile); if it is smaller in truth, it is damaged.`,
  );
}

/** The same of images that would take too much memory, as large ones do that have many bits. @throws CyclopsError likewise */
export function checkBytes(path: string, image: Extent): void {
  const bytes = decodedBytes(image);
  if (bytes <= MAX_BYTES) return;
  const { width, height, channels, bits } = image;
  throw new CyclopsError(
    `${path} has ${width} × ${height} pixels of ${channels} samples of ${bits} bits, which would take ${bytesText(bytes)}; expected at most ` +
      `${bytesText(MAX_BYTES)}. Reduce or tile the image, save it in 8 bits or without alpha, or score it in tiles (--tile).`,
  );
}

/** The same of rows that are read together from an image that is read part by part. @throws CyclopsError likewise */
export function checkStrip(path: string, { width, channels, bits }: Extent, rows: number): void {
  const bytes = decodedBytes({ width, height: rows, channels, bits });
  if (bytes <= MAX_BYTES) return;
  throw new CyclopsError(
    `${path} is ${width} pixels wide, of ${channels} samples of ${bits} bits: ${rows} rows, which are judged together, would take ` +
      `${bytesText(bytes)}; expected at most ${bytesText(MAX_BYTES)}. Tile the image, or save it in 8 bits or without alpha.`,
  );
}

function isSize(width: number, height: number): boolean {
  return width >= 1 && height >= 1 && width <= MAX_SIDE && height <= MAX_SIDE && width * height <= MAX_PIXELS;
}
