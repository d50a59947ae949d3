import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { CyclopsError } from '../../gpu/errors.ts';
import { fileError } from './fs-error.ts';

/** The content of a file. @throws CyclopsError that names the path and the cause */
export function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw fileError(error, 'read', path);
  }
}

/** So many bytes of a file from a place on, or as many as there are. @throws CyclopsError likewise */
export function readPart(path: string, start: number, length: number): Uint8Array {
  try {
    const descriptor = openSync(path, 'r');
    try {
      const bytes = new Uint8Array(length);
      return bytes.subarray(0, Number.isSafeInteger(start) ? readSync(descriptor, bytes, 0, length, start) : 0);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw fileError(error, 'read', path);
  }
}

/** The content of a file as text in UTF-8, without a byte order mark. */
export function readText(path: string): string {
  return new TextDecoder().decode(readBytes(path));
}

/** The same of a text that a person or another program wrote. @throws CyclopsError also for UTF-16, as PowerShell writes it */
export function readForeignText(path: string): string {
  const bytes = readBytes(path);
  const [first, second] = bytes;
  const hasMark = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  if (hasMark || bytes.includes(0)) throw new CyclopsError(`${path} is UTF-16 text; save it as UTF-8.`);
  return new TextDecoder().decode(bytes);
}
