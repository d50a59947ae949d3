import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { CyclopsError } from '../../gpu/errors.ts';
import { quoted } from '../files/brief.ts';
import { withoutGuard } from '../files/csv.ts';
import { csvRows } from '../files/csv-rows.ts';
import { isThere } from '../files/is-there.ts';
import { readForeignText } from '../files/read.ts';
import type { ImageRef } from './dataset.ts';
import { FileNames } from './file-names.ts';
import { withGroup } from './groups.ts';

/** The table's name in a data folder. */
export const INDEX_NAME = 'index.csv';

/** What a table says of an image; empty where it says nothing. */
interface Said {
  group: string;
  type: string;
}

/**
 * Gives images what `index.csv` of the data folder says of them: a table with a header, whose columns `file` (relative to the
 * folder), `group`, and `type` (the kind of defect of an abnormal image whose folder does not tell it) count. Commas divide its
 * columns, or semicolons or tabs where its header has them. Without such a file images stay as they are.
 *
 * @returns the images, and the names in rows that are of none
 * @throws CyclopsError when the file cannot be read, a row is broken, two rows say different things of one image, or it names no group
 *   and no kind of any image: a misspelt column would else let images of one object into two parts unseen
 */
export function applyIndex(root: string, images: ImageRef[]): { images: ImageRef[]; unknown: string[] } {
  const path = join(root, INDEX_NAME);
  if (!isThere(path)) return { images, unknown: [] };
  const [header = [], ...rows] = readTable(path);
  const { known, unknown } = whatIsSaid(
    path,
    new FileNames(images.map((image) => image.file)),
    rows.map((row) => {
      const field = (name: string) => row[header.indexOf(name)] ?? '';
      return { file: field('file'), group: withoutGuard(field('group')), type: withoutGuard(field('type')) };
    }),
  );
  if (images.length > 0 && ![...known.values()].some(({ group, type }) => group || type)) {
    const unnamed = images.find((image) => !known.has(image.file));
    const rest = unnamed && header.includes('file') ? `, and no line for ${unnamed.file}` : '';
    // A link may lead to what is nobody's business.
    const isLink = lstatSync(path).isSymbolicLink();
    const came = isLink ? 'it is a link to something else' : `its first line is ${quoted(header.join(','))}`;
    throw new CyclopsError(
      `${path} says nothing of any image: expected a column 'file' with names such as ${images[0]?.file}, and 'group' or 'type', between ` +
        `commas; ${came}${rest}. Correct it, or take it out of the folder.`,
    );
  }
  const described = images.map((image) => {
    const said = known.get(image.file);
    return said ? withType(withGroup(image, said.group), said.type) : image;
  });
  return { images: described, unknown };
}

/** Lines may end in several ways, as where one system goes on with another's table. */
const LINE_ENDS = ['\r\n', '\n', '\r'];

/** Spreadsheets of countries with decimal commas write semicolons. */
function readTable(path: string): string[][] {
  const text = readForeignText(path);
  const headerBy = (delimiter: string) =>
    csvRows(text, path, { delimiter, to: 1, relax_quotes: true, record_delimiter: LINE_ENDS }).flat();
  const delimiter = [',', ';', '\t'].find((mark) => headerBy(mark).includes('file')) ?? ',';
  return csvRows(text, path, { delimiter, record_delimiter: LINE_ENDS });
}

/** @returns what rows say of each image, and the names in rows that are of none */
function whatIsSaid(path: string, names: FileNames, rows: readonly (Said & { file: string })[]) {
  const known = new Map<string, Said>();
  const unknown: string[] = [];
  for (const { file: written, group, type } of rows) {
    const file = names.find(written, path);
    if (file === undefined) {
      unknown.push(written);
      continue;
    }
    const before = known.get(file) ?? { group, type };
    if (before.group !== group || before.type !== type) {
      throw new CyclopsError(
        `${path} says two things of ${file}: expected one group and one type. Remove one of the rows.`,
      );
    }
    known.set(file, before);
  }
  return { known, unknown };
}

function withType(image: ImageRef, type: string): ImageRef {
  return type && image.label === 'abnormal' && image.type === undefined ? { ...image, type } : image;
}
