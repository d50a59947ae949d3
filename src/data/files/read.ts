import { isUtf8 } from 'node:buffer';
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

/** Encodings of two and four bytes a character, and how texts in them begin: with a mark, or in Latin letters. */
const WIDE: readonly (readonly [string, RegExp])[] = [
  ['UTF-32', /^(\xff\xfe\0\0|\0\0\xfe\xff|([^\0]\0{3})+$|(\0{3}[^\0])+$)/],
  ['UTF-16', /^(\xff\xfe|\xfe\xff|([^\0]\0)+$|(\0[^\0])+$)/],
];

/** The same of a text that a person or another program wrote. @throws CyclopsError also for UTF-16, as PowerShell writes it, and whatever is not UTF-8 */
export function readForeignText(path: string): string {
  const bytes = readAtMost(path, MOST_OF_TEXT);
  const head = Buffer.from(bytes.subarray(0, 64)).toString('latin1');
  const wide = WIDE.find(([, beginning]) => beginning.test(head));
  if (wide) throw new CyclopsError(`${path} is ${wide[0]} text; save it as UTF-8.`);
  const zero = bytes.indexOf(0);
  if (zero >= 0)
    throw new CyclopsError(`${path} has a byte 0 at place ${zero}, which no text has; give a text saved as UTF-8.`);
  const text = new TextDecoder().decode(bytes);
  if (isUtf8(bytes)) return text;
  const line = text.slice(0, text.indexOf('\uFFFD')).split(/\r\n|\n|\r/).length;
  throw new CyclopsError(
    `${path} is not UTF-8 text: line ${line} has a character in another encoding, such as Latin-1. Save it as UTF-8.`,
  );
}

function readAtMost(path: string, most: number): Uint8Array<ArrayBuffer> {
  return withFile(path, ({ size, read }) => {
    if (size <= most) return read(0, size);
    throw new CyclopsError(
      `cannot read ${path}: it has ${size} bytes, and at most ${most} were expected. Give another file.`,
    );
  });
}
