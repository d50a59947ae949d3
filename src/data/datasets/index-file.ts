import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CyclopsError } from '../../gpu/errors.ts';
import { readText } from '../files/read.ts';
import type { ImageRef } from './dataset.ts';
import { withGroup } from './groups.ts';

/**
 * Gives images what `index.csv` of the data folder says of them: a table with a header, whose columns `file` (relative to the
 * folder), `group`, and `type` (the kind of defect of an abnormal image whose folder does not tell it) count. Without such a file
 * images stay as they are.
 *
 * @throws CyclopsError when the file cannot be read, or names no group and no kind of any image: a misspelt column would else let
 *   images of one object into two parts unseen
 */
export function applyIndex(root: string, images: ImageRef[]): ImageRef[] {
  const path = join(root, 'index.csv');
  if (!existsSync(path)) return images;
  const [header = [], ...rows] = readText(path).split(/\r?\n/).map(fields);
  const file = header.indexOf('file');
  const known = new Map(rows.map((row) => [row[file]?.replaceAll('\\', '/'), row]));
  const valuesOf = (name: string) => {
    const column = header.indexOf(name);
    return images.map((image) => known.get(image.file)?.[column]);
  };
  const [groups, types] = [valuesOf('group'), valuesOf('type')];
  if (images.length > 0 && ![...groups, ...types].some(Boolean)) {
    const unnamed = images.find((image) => !known.has(image.file));
    const rest = unnamed && file >= 0 ? `, and no line for ${unnamed.file}` : '';
    throw new CyclopsError(
      `${path} says nothing of any image: expected a column 'file' with names such as ${images[0]?.file}, and 'group' or 'type', between ` +
        `commas; its first line is '${header.join(',').slice(0, 80)}'${rest}. Correct it, or take it out of the folder.`,
    );
  }
  return images.map((image, i) => withType(withGroup(image, groups[i]), types[i]));
}

function withType(image: ImageRef, type: string | undefined): ImageRef {
  return type && image.label === 'abnormal' && image.type === undefined ? { ...image, type } : image;
}

/** The fields of a line of RFC 4180, without line breaks inside them. */
function fields(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain = '']) => quoted?.replaceAll('""', '"') ?? plain,
  );
}
