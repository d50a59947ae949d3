/** An image in levels from 0, black, to 255, white: pixels [height, width, channels] row by row with the channels interleaved. */
export interface DecodedImage {
  width: number;
  height: number;
  channels: 1 | 3;
  /** Of 8 bits, or with fractions where the file has more. */
  pixels: Pixels;
  /** Which values of the file are black and white, where it said so itself, as DICOM files do. */
  window?: string;
}

/** An image that is too large to be decoded at once: its rows are read from the file as they are asked for. */
export interface LargeImage {
  width: number;
  height: number;
  /** So many whole rows. @throws CyclopsError when the file is damaged there */
  rows(top: number, count: number): Promise<DecodedImage>;
}

/** An image of 8 bits a sample, as pictures are shown and written. */
export interface ByteImage extends DecodedImage {
  pixels: Uint8Array;
}

export type Pixels = Uint8Array | Float32Array;

/** Pixels of as many samples, and as fine. */
export function pixelsLike(pixels: Pixels, count: number): Pixels {
  return pixels instanceof Uint8Array ? new Uint8Array(count) : new Float32Array(count);
}

/** The image in 8 bits, to be shown: levels rounded. One that has them comes back as it is. */
export function toByteImage({ width, height, channels, pixels }: DecodedImage): ByteImage {
  const bytes = pixels instanceof Uint8Array ? pixels : Uint8Array.from(pixels, Math.round);
  return { width, height, channels, pixels: bytes };
}
