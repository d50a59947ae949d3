import { CyclopsError } from '../../gpu/errors.ts';

const MAX_SIDE = 16384;
export const MAX_PIXELS = 100e6;
/** Of an image that is read part by part: a slide. */
export const MAX_LARGE_PIXELS = 2 ** 30;

/** Whether an image can be decoded as a whole. */
export function isWithinLimits(width: number, height: number): boolean {
  return width >= 1 && height >= 1 && width <= MAX_SIDE && height <= MAX_SIDE && width * height <= MAX_PIXELS;
}

/**
 * Refuses image sizes that are empty or beyond any photograph, from the header alone and before memory is taken.
 *
 * @throws CyclopsError that names the file and the numbers
 */
export function checkSize(path: string, width: number, height: number): void {
  if (isWithinLimits(width, height)) return;
  throw new CyclopsError(
    `${path} announces ${width} × ${height} pixels; expected 1 to ${MAX_SIDE} on each side and at most ` +
      `${MAX_PIXELS / 1e6} million in all. Reduce or tile the image, or score it in tiles (--tile); if it is smaller in truth, it is damaged.`,
  );
}
