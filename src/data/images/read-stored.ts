import { CyclopsError } from '../../gpu/errors.ts';
import { readPart } from '../files/read.ts';
import { bmpSize, isBmp, readBmp } from './bmp.ts';
import { isDicom } from './dicom/description.ts';
import { dicomHeader, readDicom } from './dicom/read-dicom.ts';
import { READ_FORMATS } from './formats.ts';
import { headerBySharp, readBySharp, sharpFormat } from './sharp.ts';
import type { ImageHeader, ReadOptions, SharpFormat, StoredImage } from './stored-image.ts';

/**
 * Reads the bytes of an image file, whose content decides about the format: PNG, JPEG, WebP, TIFF, AVIF and GIF by libvips, which leaves
 * embedded colour profiles aside, as other tools that train on images do; BMP; DICOM. What its samples hold stays as it is, at any depth.
 *
 * @param source for messages, such as a path @throws CyclopsError that names it and what is wrong
 */
export async function readStored(bytes: Uint8Array, source: string, options: ReadOptions): Promise<StoredImage> {
  if (isBmp(bytes)) return readBmp(bytes, source, options);
  if (isDicom(bytes)) return readDicom(bytes, source, options);
  return readBySharp(bytes, requireFormat(bytes, source), source, options);
}

/** What the header of an image file says. @param head its first bytes @throws CyclopsError likewise */
export async function readHeader(head: Uint8Array, path: string): Promise<ImageHeader> {
  if (isBmp(head)) return { ...bmpSize(head, path), bits: 8, channels: 3, format: 'BMP' };
  if (isDicom(head)) return dicomHeader(head, path);
  return headerBySharp(path, head, requireFormat(head, path));
}

/** So many bytes at the beginning of a file tell whether it is an image. */
const TELLING_BYTES = 348;

/** Whether a file begins as an image does, be it one that cannot be read; false of what cannot be opened. */
export function beginsAsImage(path: string): boolean {
  const head = headOf(path);
  return isBmp(head) || isDicom(head) || sharpFormat(head) !== null || (foreignFormat(head) !== null && !isGzip(head));
}

/** Whether a file begins as a JPEG file does; false of what cannot be opened. */
export function isJpegFile(path: string): boolean {
  return sharpFormat(headOf(path)) === 'JPEG';
}

/** No bytes where it cannot be opened. */
function headOf(path: string): Uint8Array {
  try {
    return readPart(path, 0, TELLING_BYTES);
  } catch (error) {
    if (error instanceof CyclopsError) return new Uint8Array();
    throw error;
  }
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
  if (/^n[+i]1\0$/.test(text(344, 348))) return 'a NIfTI volume (export its slices as TIFF)';
  if (isGzip(bytes)) return 'packed by gzip (a NIfTI volume, perhaps; export its slices as TIFF)';
  if (text(4, 12) === 'ftypheic' || text(4, 12) === 'ftypmif1') return 'a HEIC photograph';
  if (text(0, 4) === '8BPS') return 'a Photoshop document';
  if (text(0, 4) === '%PDF') return 'a PDF document';
  if (text(0, 12) === '\0\0\0\x0cjP  \r\n\x87\n') return 'a JPEG 2000 image';
  // Many texts begin with such a letter and digit, and no size behind.
  if (/^(P[1-6](\s|#.*\n)+\d+\s+\d+\s|P7\n)/.test(text(0, TELLING_BYTES))) return 'a Netpbm image';
  return null;
}

/** What is in it cannot be told. */
function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}
