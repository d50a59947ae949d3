import { CyclopsError } from '../../gpu/errors.ts';
import { withFile } from './file-bytes.ts';

/** As many bytes as one read takes, and one array holds without trouble. */
const MOST_BYTES = 2 ** 31 - 1;
/** A text in UTF-8 of so many bytes is no longer than V8 lets a string be. */
const MOST_OF_TEXT = 2 ** 29 - 24;

/** The content of a file. @throws CyclopsError that names the path and the cause: also for what is no file, such as a pipe or a device */
export function readBytes(path: string): Uint8Array<ArrayBuffer> {
  return readAtMost(path, MOST_BYTES);
}

/** So many bytes of a file from a place on, or as many as there are. @throws CyclopsError likewise */
export function readPart(path: string, start: number, length: number): Uint8Array<ArrayBuffer> {
  return withFile(path, ({ size, read }) => {
    const from = Number.isSafeInteger(start) ? Math.min(start, size) : size;
    return read(from, Math.min(length, size - from));
  });
}

/** The content of a file as text in UTF-8, without a byte order mark. */
export function readText(path: string): string {
  return new TextDecoder().decode(readAtMost(path, MOST_OF_TEXT));
}

/** The same of a text that a person or another program wrote. @throws CyclopsError also for UTF-16, as PowerShell writes it, and other bytes 0 */
export function readForeignText(path: string): string {
  const bytes = readAtMost(path, MOST_OF_TEXT);
  const [first, second] = bytes;
  const hasMark = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  if (hasMark || isWide(bytes)) throw new CyclopsError(`${path} is UTF-16 text; save it as UTF-8.`);
  const zero = bytes.indexOf(0);
  if (zero >= 0)
    throw new CyclopsError(`${path} has a byte 0 at place ${zero}, which no text has; give a text saved as UTF-8.`);
  return new TextDecoder().decode(bytes);
}

/** Whether every second of the first bytes is 0, as in UTF-16 of Latin letters. */
function isWide(bytes: Uint8Array): boolean {
  const head = bytes.subarray(0, 64);
  return head.length > 1 && [0, 1].some((from) => head.every((byte, i) => (i % 2 === from) === (byte === 0)));
}

function readAtMost(path: string, most: number): Uint8Array<ArrayBuffer> {
  return withFile(path, ({ size, read }) => {
    if (size <= most) return read(0, size);
    throw new CyclopsError(
      `cannot read ${path}: it has ${size} bytes, and at most ${most} were expected. Give another file.`,
    );
  });
}
