import type { RandomStream } from '../../tensor/random.ts';
import type { DecodedImage } from '../images/decoded-image.ts';

/** An image with a defect that was made, and where it is. */
export interface DefectImage {
  image: DecodedImage;
  /** [height, width]: 1 inside, 0 outside. */
  mask: Uint8Array;
}

/** The pixels y · width + x of a mask that are not 0. */
export function pixelsInside(mask: Uint8Array): Uint32Array {
  return Uint32Array.from([...mask.keys()].filter((pixel) => mask[pixel]));
}

/** A number drawn from [low, high). */
export function between(random: RandomStream, low: number, high: number): number {
  return low + (high - low) * random.uniform();
}

/** A positive number drawn from [low, high), small ones as often as large. */
export function logBetween(random: RandomStream, low: number, high: number): number {
  return Math.exp(between(random, Math.log(low), Math.log(high)));
}

/** Rounded, and what lies outside of 0 to 255 clamped. */
export function toByte(value: number): number {
  return Math.round(Math.min(255, Math.max(0, value)));
}

/** The mean of each channel over the chosen pixels y · width + x. */
export function meanColour({ channels, pixels }: DecodedImage, chosen: readonly number[]): number[] {
  return Array.from({ length: channels }, (_, c) => {
    const sum = chosen.reduce((total, pixel) => total + (pixels[pixel * channels + c] ?? 0), 0);
    return sum / Math.max(1, chosen.length);
  });
}
