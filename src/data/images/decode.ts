import { constants, type Stats } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { CyclopsError } from '../../gpu/errors.ts';
import { fileError } from '../files/fs-error.ts';
import type { DecodedImage, LargeImage } from './decoded-image.ts';
import { READ_FORMATS } from './formats.ts';
import { openLarge } from './large-image.ts';
import { isWithinLimits } from './limits.ts';
import { readHeader, readStored } from './read-stored.ts';
import type { Take } from './room.ts';
import { type ImageHeader, isSharpFormat, type ReadOptions, type StoredImage } from './stored-image.ts';
import { toLevels, type ValueRange } from './value-range.ts';

const MAX_FILE_BYTES = 2 ** 29;
/** So many bytes at the beginning of a file tell its format. */
const HEAD_BYTES = 2 ** 16;

export interface DecodeOptions extends Pick<ReadOptions, 'take'> {
  /** Sees the content of the file, which is read once. */
  onBytes?: ((bytes: Uint8Array) => void) | undefined;
}

/**
 * Reads an image file, turned as its Exif orientation says, in levels from black to white.
 *
 * @param range the values that are black and white
 * @throws CyclopsError that names the file and what is wrong with it
 */
export async function decodeImage(
  path: string,
  range: ValueRange = 'full',
  { onBytes, take }: DecodeOptions = {},
): Promise<DecodedImage> {
  const bytes = await readBytes(path, take);
  const image = toLevels(await readStored(bytes, path, { oriented: true, take }), range, path);
  onBytes?.(bytes);
  return image;
}

/**
 * Reads an image file as {@link decodeImage} does, or opens one that is too large for that, up to a gigapixel, to be read part by part.
 *
 * @throws CyclopsError likewise
 */
export async function openImage(path: string, range: ValueRange, take?: Take): Promise<DecodedImage | LargeImage> {
  const head = await readHead(path);
  const header = await readHeader(head, path);
  const { format } = header;
  return isSharpFormat(format) && !isWithinLimits(header)
    ? openLarge(path, head, { ...header, format }, range)
    : decodeImage(path, range, { take });
}

/** Reads an image file as it is. @throws CyclopsError likewise */
export async function readImage(path: string, options: ReadOptions): Promise<StoredImage> {
  return readStored(await readBytes(path, options.take), path, options);
}

/** What the header of an image file says. @throws CyclopsError likewise */
export async function readImageHeader(path: string): Promise<ImageHeader> {
  return readHeader(await readHead(path), path);
}

/** The beginning of a file, which tells its format: its header may lie further on, as in many TIFF files. */
async function readHead(path: string): Promise<Uint8Array> {
  try {
    requireFile(path, await stat(path));
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(new Uint8Array(HEAD_BYTES), 0, HEAD_BYTES, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw fileError(error, 'read', path);
  }
}

/** A pipe or a device would be read without end. */
function requireFile(path: string, status: Stats): void {
  if (!status.isFile()) throw unreadable(path, status.isDirectory() ? 'this is a folder' : 'this is no regular file');
}

/** Opened once, without waiting for what writes into a pipe, and read at once. */
async function readBytes(path: string, take?: Take): Promise<Uint8Array> {
  try {
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const status = await file.stat();
      requireFile(path, status);
      if (status.size > MAX_FILE_BYTES) throw unreadable(path, `it has ${status.size} bytes`);
      await take?.(status.size);
      const bytes = new Uint8Array(status.size);
      for (let done = 0; done < bytes.length; ) {
        const { bytesRead } = await file.read(bytes, done, bytes.length - done, done);
        // Cut off since.
        if (bytesRead === 0) return bytes.subarray(0, done);
        done += bytesRead;
      }
      return bytes;
    } finally {
      await file.close();
    }
  } catch (error) {
    throw fileError(error, 'read', path);
  }
}

function unreadable(path: string, came: string): CyclopsError {
  return new CyclopsError(
    `cannot read ${path}: an image file of at most ${MAX_FILE_BYTES} bytes was expected, but ${came}. ` +
      `Give the path of an image; ${READ_FORMATS} are read.`,
  );
}
