import { readFileSync } from 'node:fs';
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

/** The same as text in UTF-8, without a byte order mark. */
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
