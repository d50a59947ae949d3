import { CyclopsError } from '../../gpu/errors.ts';
import { bmpSize, isBmp, readBmp } from './bmp.ts';
import { READ_FORMATS } from './formats.ts';
import { headerBySharp, readBySharp, type SharpFormat, sharpFormat } from './sharp.ts';
import type { ImageHeader, ReadOptions, StoredImage } from './stored-image.ts';

/**
 * Reads the bytes of an image file, whose content decides about the format: PNG, JPEG, WebP, TIFF, AVIF and GIF by libvips, which leaves
 * embedded colour profiles aside, as other tools that train on images do; BMP. What its samples hold stays as it is, at any depth.
 *
 * @param source for messages, such as a path @throws CyclopsError that names it and what is wrong
 */
export async function readStored(bytes: Uint8Array, source: string, options: ReadOptions): Promise<StoredImage> {
  if (isBmp(bytes)) return readBmp(bytes, source, options);
  return readBySharp(bytes, requireFormat(bytes, source), source, options);
}

/** What the header of an image file says. @param head its first bytes @throws CyclopsError likewise */
export async function readHeader(head: Uint8Array, path: string): Promise<ImageHeader> {
  if (isBmp(head)) return { ...bmpSize(head, path), bits: 8, channels: 3, format: 'BMP' };
  return headerBySharp(path, head, requireFormat(head, path));
}

/** What the file begins with is not told: a link may lead to what nobody is to see. */
function requireFormat(bytes: Uint8Array, source: string): SharpFormat {
  const format = sharpFormat(bytes);
  if (format) return format;
  const foreign = foreignFormat(bytes);
  const came =
    bytes.length === 0 ? 'it is empty (0 bytes)' : foreign ? `it is ${foreign}` : 'it begins as no image does';
  throw new CyclopsError(
    `${source} is not an image that can be read: ${READ_FORMATS} are, but ${came}. Convert it, or replace or remove the file.`,
  );
}

/** Formats that people try, by their first bytes. */
function foreignFormat(bytes: Uint8Array): string | null {
  const text = (from: number, to: number) => Buffer.from(bytes.subarray(from, to)).toString('latin1');
  if (text(128, 132) === 'DICM') return 'a DICOM file (export its frame as 16-bit PNG or TIFF, which keeps its depth)';
  if (text(344, 347) === 'n+1' || text(344, 347) === 'ni1') return 'a NIfTI volume (export its slices as TIFF)';
  if (text(0, 2) === '\x1f\x8b') return 'packed by gzip (a NIfTI volume, perhaps; export its slices as TIFF)';
  if (text(4, 12) === 'ftypheic' || text(4, 12) === 'ftypmif1') return 'a HEIC photograph';
  if (text(0, 4) === '8BPS') return 'a Photoshop document';
  if (text(0, 4) === '%PDF') return 'a PDF document';
  if (/^P[1-7]\s/.test(text(0, 3))) return 'a Netpbm image';
  return null;
}
