import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { CyclopsError } from '../../gpu/errors.ts';
import { fileError } from './fs-error.ts';

/** Bytes that can be read in pieces, so that a large file need not fit the memory. */
export interface ByteSource {
  /** For messages, such as a path. */
  readonly name: string;
  readonly size: number;
  /** A copy. @throws CyclopsError when there are not so many */
  read(start: number, length: number): Uint8Array<ArrayBuffer>;
}

/** A pipe would wait for somebody to write. */
const WITHOUT_WAITING = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** Runs work on the bytes of a file, which is open as long. @throws CyclopsError when it cannot be read, and what the work throws */
export function withFile<T>(path: string, work: (bytes: ByteSource) => T): T {
  let descriptor: number | null = null;
  try {
    descriptor = openSync(path, WITHOUT_WAITING);
    const open = descriptor;
    const status = fstatSync(open);
    if (!status.isFile()) throw new CyclopsError(`cannot read ${path}: it is ${kindOf(status)}. Name a file.`);
    return work({ name: path, size: status.size, read: (start, length) => readExactly(open, path, { start, length }) });
  } catch (error) {
    // What is no fault of the file system is thrown on as it is.
    throw fileError(error, 'read', path);
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

function kindOf(status: Stats): string {
  return status.isDirectory() ? 'a folder' : 'a pipe or a device';
}

function readExactly(
  descriptor: number,
  path: string,
  { start, length }: { start: number; length: number },
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const got = readSync(descriptor, bytes, done, length - done, start + done);
    if (got === 0)
      throw new CyclopsError(`${path} ends before byte ${start + length}: it became shorter while it was read.`);
    done += got;
  }
  return bytes;
}
