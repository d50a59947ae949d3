import { readFileSync, statSync } from 'node:fs';
import { CyclopsError } from '../../gpu/errors.ts';
import { fileError } from '../files/fs-error.ts';
import { decodeBytes } from './decode-bytes.ts';
import type { DecodedImage } from './decoded-image.ts';

const MAX_FILE_BYTES = 2 ** 29;

/** Reads an image file, as {@link decodeBytes} does. @throws CyclopsError that names the file and what is wrong with it */
export function decodeImage(path: string): DecodedImage {
  return decodeBytes(readBytes(path), path);
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
