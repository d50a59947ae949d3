import { readFileSync, statSync } from 'node:fs';
import { CyclopsError } from '../../gpu/errors.ts';
import { fileError } from '../files/fs-error.ts';
import type { DecodedImage } from './decoded-image.ts';
import { decodeJpeg, isJpeg } from './jpeg.ts';
import { decodePng, isPng } from './png.ts';

const MAX_FILE_BYTES = 2 ** 29;

/**
 * Reads an image file. The content decides about the format, not the name.
 * - PNG of 1 to 16 bits, gray, RGB or palette, with or without alpha, interlaced or not. 16 bits become 8 by v / 257,
 *   rounded; fewer bits are stretched to 0…255. Alpha is dropped and the stored colour kept, as PIL's convert('RGB') does.
 * - JPEG, baseline and progressive, gray or colour.
 *
 * @throws CyclopsError that names the file and what is wrong with it
 */
export function decodeImage(path: string): DecodedImage {
  const bytes = readBytes(path);
  if (isPng(bytes)) return decodePng(bytes, path);
  if (isJpeg(bytes)) return decodeJpeg(bytes, path);
  const came = bytes.length === 0 ? 'it is empty (0 bytes)' : `it begins with ${preview(bytes)}`;
  throw new CyclopsError(
    `${path} is not an image: the content of a PNG or JPEG file was expected, but ${came}. ` +
      'Replace or remove the file; other formats have to be converted first.',
  );
}

function readBytes(path: string): Buffer {
  try {
    const status = statSync(path);
    // A pipe or a device would be read without end.
    if (!status.isFile()) throw unreadable(path, status.isDirectory() ? 'this is a folder' : 'this is no regular file');
    if (status.size > MAX_FILE_BYTES) throw unreadable(path, `it has ${status.size} bytes`);
    return readFileSync(path);
  } catch (error) {
    throw fileError(error, 'read', path);
  }
}

function unreadable(path: string, came: string): CyclopsError {
  return new CyclopsError(
    `cannot read ${path}: an image file of at most ${MAX_FILE_BYTES} bytes was expected, but ${came}. ` +
      'Give the path of a PNG or JPEG file.',
  );
}

/** The first bytes for a message: as text where they are text, else in hexadecimal. */
function preview(bytes: Buffer): string {
  const start = bytes.subarray(0, 12);
  const isText = start.every((byte) => byte >= 0x20 && byte < 0x7f);
  return isText
    ? `the text '${start.toString('latin1')}'`
    : `the bytes ${start.toString('hex').replace(/..(?=.)/g, '$& ')}`;
}
