import type { Take } from './room.ts';

/** An image as its file holds it: samples [height, width, channels], colours as RGB. */
export interface StoredImage {
  width: number;
  height: number;
  channels: 1 | 2 | 3 | 4;
  /** Gray or RGB, and with 2 or 4 channels alpha behind it. Whole numbers of 8 or 16 bits, or whatever a file of floats holds. */
  samples: Uint8Array | Uint16Array | Float32Array;
  /** What the file's samples can hold, where they do not tell: whole numbers that came as floats. */
  holds?: { readonly min: number; readonly max: number };
  /** Which values of the file are black and white, where it says so itself; the samples are levels between them then. */
  window?: string;
}

/** Bits of a sample; files of floats and of whole numbers with more than 16 bits have 32. */
export function bitsOf({ samples }: Pick<StoredImage, 'samples'>): 8 | 16 | 32 {
  if (samples instanceof Uint8Array) return 8;
  return samples instanceof Uint16Array ? 16 : 32;
}

/** Formats that are read. */
export type Format = 'PNG' | 'JPEG' | 'WebP' | 'TIFF' | 'AVIF' | 'GIF' | 'BMP' | 'DICOM';

/** Formats that libvips reads, as a whole or part by part. */
export type SharpFormat = Exclude<Format, 'BMP' | 'DICOM'>;

export function isSharpFormat(format: Format): format is SharpFormat {
  return format !== 'BMP' && format !== 'DICOM';
}

/** What can be known of a file without its pixels. */
export interface ImageHeader {
  /** Lying as a viewer shows it. */
  width: number;
  height: number;
  /** Bits of a sample. */
  bits: 8 | 16 | 32;
  /** Samples of a pixel, alpha among them. */
  channels: number;
  format: Format;
}

export interface ReadOptions {
  /** Whether to turn the image as its Exif orientation says, so that it lies as a viewer shows it. */
  oriented: boolean;
  /** Whether samples are to be what the file stores, as the labels of a mask are, where it says itself how they are shown; not unless told so. */
  asStored?: boolean;
  /** Is asked before memory is taken; none waits unless told otherwise. */
  take?: Take | undefined;
}
