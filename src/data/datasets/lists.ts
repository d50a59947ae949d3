import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CyclopsError } from '../../gpu/errors.ts';
import { readText } from '../files/read.ts';
import { type ImageRef, PARTS, type Part } from './dataset.ts';

/** The content of train.txt, calibration.txt and test.txt: files relative to the data folder. An absent list is absent here. */
type SplitLists = Partial<Record<Part, string[]>>;

/**
 * Reads `train.txt`, `calibration.txt` and `test.txt` of a folder: one relative path a line; blank lines and lines that begin with `#` are
 * skipped; `\` counts as `/`.
 *
 * @throws CyclopsError when a list cannot be read or a file stands in two
 */
export function readLists(dir: string): SplitLists {
  const lists: SplitLists = {};
  const owner = new Map<string, Part>();
  for (const part of PARTS) {
    const path = listPath(dir, part);
    if (!existsSync(path)) continue;
    lists[part] = readList(path);
    const shared = lists[part].find((file) => owner.has(file));
    const other = owner.get(shared ?? '');
    if (shared !== undefined && other) {
      throw new CyclopsError(
        `${path} names ${shared}, which ${listPath(dir, other)} names too: an image belongs to one part, or figures on ` +
          'one would speak of another. Remove it from one of the lists.',
      );
    }
    for (const file of lists[part]) owner.set(file, part);
  }
  return lists;
}

/**
 * Gives images their part. With lists of both training and test, images that no list names are left out; with one of
 * them, the rest forms the other part; with none, no part is given, and with that of calibration alone the rest trains.
 *
 * @param dir the folder of the lists, for messages
 * @throws CyclopsError when a list names a file that is not among the images
 */
export function applyLists(images: ImageRef[], lists: SplitLists, dir: string): ImageRef[] {
  if (PARTS.every((part) => !lists[part])) return images;
  const known = new Set(images.map((image) => image.file));
  const parts = new Map<string, Part>();
  for (const part of PARTS) {
    for (const file of lists[part] ?? []) {
      if (!known.has(file)) {
        throw new CyclopsError(
          `${listPath(dir, part)} names ${file}, which is not among the PNG and JPEG files of the data set. ` +
            'Expected one path a line, relative to the data folder, such as normal/a.png; correct or remove the line.',
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

export function listPath(dir: string, part: Part): string {
  return join(dir, `${part}.txt`);
}

function readList(path: string): string[] {
  return readText(path)
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.replaceAll('\\', '/').replace(/^(\.\/)+/, ''));
}
