import type { DecodedImage } from '../images/decoded-image.ts';

/** An image with a defect that was made, and where it is. */
export interface DefectImage {
  image: DecodedImage;
  /** [height, width]: 1 inside, 0 outside. */
  mask: Uint8Array;
}

/** Numbers that are drawn: such as a RandomStream's. */
export interface Draws {
  /** In [0, 1). */
  uniform(): number;
  /** From 0 to n − 1. */
  integer(n: number): number;
}

export function between(random: Draws, low: number, high: number): number {
  return low + (high - low) * random.uniform();
}
