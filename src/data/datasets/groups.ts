import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CyclopsError } from '../../gpu/errors.ts';
import { readText } from '../files/read.ts';
import type { Dataset, ImageRef, Label } from './dataset.ts';

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

/**
 * Groups images by their names instead: by what the first pair of brackets of the expression finds in `file`, or by all
 * that it finds. Images in which it finds nothing stand alone.
 *
 * @throws CyclopsError for something that is no regular expression, or that finds nothing in any name
 */
export function groupByName(dataset: Dataset, expression: string): Dataset {
  let pattern: RegExp;
  try {
    pattern = new RegExp(expression, 'u');
  } catch (error) {
    throw new CyclopsError(
      `--group-by ${expression} is no regular expression (${error instanceof Error ? error.message : error}). Expected one ` +
        "that finds the object in a file's name, such as '_(\\d+)_'.",
    );
  }
  const images = dataset.images.map(({ group: _, ...image }) => {
    const found = pattern.exec(image.file);
    return withGroup(image, found?.[1] ?? found?.[0]);
  });
  if (images.some(({ group }) => group !== undefined)) return { ...dataset, images };
  throw new CyclopsError(
    `--group-by ${expression} finds nothing in the names of ${dataset.root}, such as ${images[0]?.file}. ` +
      'Correct the expression, or leave it out.',
  );
}

/** Each image's group, itself included; an image that names none is one of its own. */
export function wholeGroups<T extends { group?: string | undefined }>(images: readonly T[]): Map<T, readonly T[]> {
  const named = new Map<string, T[]>();
  const found = new Map<T, readonly T[]>();
  for (const image of images) {
    const group = image.group === undefined ? [] : (named.get(image.group) ?? []);
    if (image.group !== undefined) named.set(image.group, group);
    group.push(image);
    found.set(image, group);
  }
  return found;
}

/** How many objects the images of each class show: groups, and images that name none. */
export function countObjects(
  images: readonly { label: Label | null; group?: string | undefined }[],
): Record<Label, number> {
  const of = (label: Label) => new Set(wholeGroups(images.filter((image) => image.label === label)).values()).size;
  return { normal: of('normal'), abnormal: of('abnormal') };
}

function withGroup(image: ImageRef, group: string | undefined): ImageRef {
  return group ? { ...image, group } : image;
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
