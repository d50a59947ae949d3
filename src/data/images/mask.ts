import { CyclopsError } from '../../gpu/errors.ts';
import { copyRectangle } from './copy-rectangle.ts';
import { readImage } from './decode.ts';
import type { Size } from './level-memory.ts';
import type { Take } from './room.ts';
import type { StoredImage } from './stored-image.ts';

/** Where the defect of an image is. */
export interface Mask {
  width: number;
  height: number;
  /** [height, width]: 1 inside, 0 outside. */
  inside: Uint8Array;
  /** Pixels that are neither as dark nor as bright as the mask is anywhere, as edges have that were smoothed and files that JPEG has smeared. */
  between: number;
}

/**
 * Reads a mask of any format and depth, lying as the file holds it. Inside is what has at least half of the mask's own maximum in a
 * channel; its alpha, where that is all that varies.
 *
 * @param take is asked before memory is taken @throws CyclopsError that names the file and what is wrong with it
 */
export async function readMask(path: string, take?: Take): Promise<Mask> {
  const image = await readImage(path, { oriented: false, asStored: true, take });
  // Half of what is no number is none.
  if (image.samples instanceof Float32Array && image.samples.some(Number.isNaN)) {
    throw new CyclopsError(
      `the mask ${path} holds samples that are no numbers (NaN): expected black and white. Repair or remove it.`,
    );
  }
  return toMask(image);
}

/** The mask that an image is. */
export function toMask({ width, height, channels, samples }: StoredImage): Mask {
  const pixels = width * height;
  const valueAt = valuesOf(samples, channels, pixels);
  let [darkest, white] = [Number.POSITIVE_INFINITY, 0];
  for (let pixel = 0; pixel < pixels; pixel++) {
    darkest = Math.min(darkest, valueAt(pixel));
    white = Math.max(white, valueAt(pixel));
  }
  // What counts as inside is not black, or two levels of which both do would mark all without a word.
  const black = 2 * darkest < white ? darkest : 0;
  const inside = new Uint8Array(pixels);
  let between = 0;
  for (let pixel = 0; pixel < pixels; pixel++) {
    const value = valueAt(pixel);
    if (white > 0 && 2 * value >= white) inside[pixel] = 1;
    if (value > black && value < white) between += 1;
  }
  return { width, height, inside, between };
}

/** The largest colour of each pixel, or the alpha where the colours are all the same and it is not. */
function valuesOf(samples: StoredImage['samples'], channels: number, pixels: number): (pixel: number) => number {
  const colours = channels < 3 ? 1 : 3;
  const largest = (pixel: number) => {
    let most = 0;
    for (let c = 0; c < colours; c++) most = Math.max(most, samples[pixel * channels + c] ?? 0);
    return most;
  };
  const alpha = (pixel: number) => samples[pixel * channels + colours] ?? 0;
  const varies = (valueAt: (pixel: number) => number) => {
    const first = valueAt(0);
    for (let pixel = 1; pixel < pixels; pixel++) if (valueAt(pixel) !== first) return true;
    return false;
  };
  return channels > colours && !varies(largest) && varies(alpha) ? alpha : largest;
}

/** Part of a mask, as one. */
export function cropMask({ width, inside }: Mask, part: Size & { x: number; y: number }): Mask {
  const cropped = new Uint8Array(part.width * part.height);
  const { x, y } = part;
  copyRectangle({ values: inside, width, x, y }, { values: cropped, width: part.width, x: 0, y: 0 }, part, 1);
  return { width: part.width, height: part.height, inside: cropped, between: 0 };
}
