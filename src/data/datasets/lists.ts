import { join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { CyclopsError } from '../../gpu/errors.ts';
import { quoted } from '../files/brief.ts';
import { csvRows } from '../files/csv-rows.ts';
import { isThere } from '../files/is-there.ts';
import { readForeignText } from '../files/read.ts';
import { type ImageRef, PARTS, type Part } from './dataset.ts';
import { FileNames } from './file-names.ts';

/** The content of train.txt, calibration.txt and test.txt: names as they stand there. An absent list is absent here. */
type SplitLists = Partial<Record<Part, string[]>>;

/** A list is a table of one column: a name cannot hold the character that would divide columns. */
const COLUMN = '\0';

/**
 * Reads `train.txt`, `calibration.txt` and `test.txt` of a folder: one relative path a line; blank lines and lines that begin with `#` are
 * skipped. A line that begins with a double quote is a field of RFC 4180, so that it may hold line breaks.
 *
 * @throws CyclopsError when a list cannot be read, is not UTF-8, or has a quote that does not end
 */
export function readLists(dir: string): SplitLists {
  const lists: SplitLists = {};
  for (const part of PARTS) {
    const path = listPath(dir, part);
    // A link that leads nowhere is a list that cannot be read, and none that is not there.
    if (isThere(path)) lists[part] = readList(path);
  }
  return lists;
}

/**
 * Gives images their part. With lists of both training and test, images that no list names are left out; with one of
 * them, the rest forms the other part; with none, no part is given, and with that of calibration alone the rest trains.
 *
 * @param dir the folder of the lists, for messages
 * @throws CyclopsError when a list names a file that is not among the images, or two name the same
 */
export function applyLists(images: ImageRef[], lists: SplitLists, dir: string): ImageRef[] {
  if (PARTS.every((part) => !lists[part])) return images;
  const names = new FileNames(images.map((image) => image.file));
  const parts = new Map<string, Part>();
  for (const part of PARTS) {
    const path = listPath(dir, part);
    for (const written of lists[part] ?? []) {
      const file = names.find(written, path);
      if (file === undefined) {
        throw new CyclopsError(
          `${path} names ${quoted(written)}, which is not among the images of the data set. ` +
            `Expected one path a line, relative to the data folder, such as normal/a.png; correct or remove the line.${names.hint(written)}`,
        );
      }
      const other = parts.get(file) ?? part;
      if (other !== part) {
        throw new CyclopsError(
          `${path} names ${file}, which ${listPath(dir, other)} names too: an image belongs to one part, or figures on ` +
            'one would speak of another. Remove it from one of the lists.',
        );
      }
      parts.set(file, part);
    }
  }
  const rest = lists.train ? (lists.test ? undefined : 'test') : 'train';
  return images.flatMap((image) => {
    const part = parts.get(image.file) ?? rest;
    return part ? [{ ...image, part }] : [];
  });
}

/** The names of the lists in a data folder. */
export const LIST_NAMES: readonly string[] = PARTS.map((part) => listPath('', part));

export function listPath(dir: string, part: Part): string {
  return join(dir, `${part}.txt`);
}

function readList(path: string): string[] {
  const rows = csvRows(readForeignText(path), path, {
    ...{ delimiter: COLUMN, record_delimiter: ['\r\n', '\n'], comment: '#', comment_no_infix: true },
    ...{ relax_quotes: true, trim: true, cast: (name, { quoting }) => (quoting ? name : name.trim()) },
  });
  return rows.flat().filter((name) => name !== '');
}

/** A list of these files, in the form that {@link readLists} reads. */
export function listText(files: readonly string[]): string {
  return stringify(
    files.map((file) => [file]),
    // What would be a comment, or be trimmed, is quoted too.
    { delimiter: COLUMN, record_delimiter: 'unix', quote_record_delimiter: true, quoted_match: /^[\s#]|\s$/ },
  );
}
