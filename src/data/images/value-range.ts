import { CyclopsError } from '../../gpu/errors.ts';
import type { DecodedImage, Pixels } from './decoded-image.ts';
import { bitsOf, type StoredImage } from './stored-image.ts';

/**
 * Which values of a file are black and white: all that its samples can hold (0 to 255 or 65535, what whole numbers with a sign or of 32 bits can,
 * 0 to 1 in floats), or those from `min` to
 * `max`, as a camera of 12 bits needs whose files have 16.
 */
export type ValueRange = 'full' | { readonly min: number; readonly max: number };

const FULL = { 8: 255, 16: 65535, 32: 1 } as const;

/** Of a file of floats in its full range, the share of samples that may lie further beyond 0 and 1 than a filter makes them overshoot. */
const MOST_BEYOND = 0.01;
const OVERSHOOT = 0.05;

/**
 * The image in levels, without its alpha: 255 · (v − min) / (max − min), clamped. Files of 8 bits in their full range keep their bytes.
 *
 * @param source for messages @param isPart whether it is part of a picture, of which all may lie beyond the range
 * @throws CyclopsError when the range is one of values beyond 8 bits, and the file has 8, or one of floats, and it has whole numbers; when no
 * sample lies in the range, or of floats too many beyond 0 and 1, as where the file is of another depth than the model was trained with; or
 * when one is no number
 */
export function toLevels(
  { width, height, channels, samples, holds, window }: StoredImage,
  range: ValueRange,
  source: string,
  isPart = false,
): DecodedImage {
  const colours = channels < 3 ? 1 : 3;
  const bits = bitsOf({ samples });
  const own = window === undefined ? {} : { window };
  const picked = (pixels: Pixels, level: (value: number) => number) => {
    const skipped = channels - colours;
    for (let to = 0, from = 0; to < pixels.length; from += skipped)
      for (let c = 0; c < colours; c++) pixels[to++] = level(samples[from++] ?? 0);
    return { width, height, channels: colours, pixels, ...own } as const;
  };
  const count = width * height * colours;
  if (samples instanceof Uint8Array && range === 'full') {
    return channels === colours
      ? { width, height, channels, pixels: samples, ...own }
      : picked(new Uint8Array(count), (v) => v);
  }
  const { min, max } = range === 'full' ? (holds ?? { min: 0, max: FULL[bits] }) : range;
  if (bits === 8 && max > FULL[8]) {
    throw new CyclopsError(
      `${source} has 8 bits a sample, and the model takes values from ${min} to ${max}: expected an image of more bits, as it was trained with. ` +
        'Give the image as the camera writes it.',
    );
  }
  let [isBelow, isAbove] = [true, true];
  let beyond = 0;
  const found = picked(new Float32Array(count), (value) => {
    isBelow &&= value < min;
    isAbove &&= value > max;
    if (value < min - OVERSHOOT || value > max + OVERSHOOT) beyond++;
    return Math.min(255, Math.max(0, (255 * (value - min)) / (max - min)));
  });
  if (found.pixels.some(Number.isNaN)) {
    throw new CyclopsError(
      `${source} holds samples that are no numbers (NaN): expected numbers alone. Repair or remove it.`,
    );
  }
  // Of whole numbers two would be black and white, nothing between, and all others cut off.
  if (bits < 32 && Math.floor(max) - Math.ceil(min) < 2 && beyond > 0) {
    throw new CyclopsError(
      `${source} holds whole numbers of ${bits} bits, and the model takes values from ${min} to ${max}, as files of floats have and DICOM files of ` +
        'more than 8 bits: expected such an image, as it was trained with. Give it as the camera writes it.',
    );
  }
  if (!isPart && (isBelow || isAbove)) {
    throw new CyclopsError(
      `${source} has no value between ${min} and ${max}, which are black and white: all lie ${isBelow ? 'below' : 'above'}. Expected values as in ` +
        'the images of the training, or, without a range of its own, 0 to 1 in files of floats' +
        (window === undefined
          ? ''
          : ` and in DICOM files, of which this is one: 0 and 1 are the ends of its window (${window})`) +
        '. Convert it, or train with another --range.',
    );
  }
  const isFloat = range === 'full' && bits === 32 && !holds;
  if (!isPart && isFloat && beyond > MOST_BEYOND * count) {
    throw new CyclopsError(
      `${source} is a file of floats, of whose values ${((100 * beyond) / count).toFixed(0)} % lie beyond ${min} and ${max}, which are black and white in ` +
        'files of floats. Convert it, or train with another --range.',
    );
  }
  return found;
}

/** Levels as samples of a PNG file that {@link toLevels} takes back to them: bytes as they are, others in 16 bits, if they can hold the range. */
export function toSamples(pixels: Pixels, range: ValueRange): Uint8Array | Uint16Array {
  if (pixels instanceof Uint8Array) return pixels;
  const { min, max } = range === 'full' ? { min: 0, max: FULL[16] } : range;
  return Uint16Array.from(pixels, (level) => Math.round(min + (level / 255) * (max - min)));
}

/** @throws CyclopsError where 16 bits cannot hold a range, as of a file of floats, so that images cannot be kept as PNG */
export function requireSixteenBits(range: ValueRange): void {
  if (range === 'full' || (range.min >= 0 && range.max <= FULL[16] && range.max - range.min >= FULL[8])) return;
  throw new CyclopsError(
    `Values from ${range.min} to ${range.max} are black and white, and damaged copies of the images would be kept as PNG of 16 bits, which hold ` +
      `whole numbers from 0 to ${FULL[16]}, 256 of them at least. Convert the images to 16 bits, or train on abnormal images too.`,
  );
}
