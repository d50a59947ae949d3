import { readFileSync } from 'node:fs';
import { fileError } from './fs-error.ts';

/** The content of a file. @throws CyclopsError that names the path and the cause */
export function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw fileError(error, 'read', path);
  }
}

/** The same as text in UTF-8, without a byte order mark. */
export function readText(path: string): string {
  return new TextDecoder().decode(readBytes(path));
}
