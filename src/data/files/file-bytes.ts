import { closeSync, openSync, readSync, statSync } from 'node:fs';
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

/** Runs work on the bytes of a file, which is open as long. @throws CyclopsError when it cannot be read, and what the work throws */
export function withFile<T>(path: string, work: (bytes: ByteSource) => T): T {
  let descriptor: number | null = null;
  try {
    const status = statSync(path);
    // Before it is opened, since a pipe would wait for somebody to write.
    if (!status.isFile()) throw new CyclopsError(`cannot read ${path}: it is a folder or a device. Name a file.`);
    descriptor = openSync(path, 'r');
    const open = descriptor;
    return work({ name: path, size: status.size, read: (start, length) => readExactly(open, path, { start, length }) });
  } catch (error) {
    // What is no fault of the file system is thrown on as it is.
    throw fileError(error, 'read', path);
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
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
