import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CyclopsError } from '../gpu/errors.ts';
import type { ImageRef, Part } from './dataset.ts';
import { fileError } from './fs-error.ts';

/** The content of train.txt and test.txt: files relative to the data folder. An absent list is absent here. */
export interface SplitLists {
  train?: string[];
  test?: string[];
}

/**
 * Reads `train.txt` and `test.txt` of a folder: one relative path a line; blank lines and lines that begin with `#` are
 * skipped; `\` counts as `/`.
 *
 * @throws CyclopsError when a list cannot be read or a file stands in both
 */
export function readLists(dir: string): SplitLists {
  const lists: SplitLists = {};
  for (const part of ['train', 'test'] as const) {
    const path = listPath(dir, part);
    if (existsSync(path)) lists[part] = readList(path);
  }
  const train = new Set(lists.train);
  const shared = lists.test?.find((file) => train.has(file));
  if (shared !== undefined) {
    throw new CyclopsError(
      `${listPath(dir, 'test')} names ${shared}, which ${listPath(dir, 'train')} names too: an image that trained ` +
        'must not be tested on. Remove it from one of the lists.',
    );
  }
  return lists;
}

/**
 * Gives images their part. With both lists, images that neither names are left out; with one, the rest forms the other
 * part; with none, no part is given.
 *
 * @param dir the folder of the lists, for messages
 * @throws CyclopsError when a list names a file that is not among the images
 */
export function applyLists(images: ImageRef[], lists: SplitLists, dir: string): ImageRef[] {
  if (!lists.train && !lists.test) return images;
  const known = new Set(images.map((image) => image.file));
  const parts = new Map<string, Part>();
  for (const part of ['train', 'test'] as const) {
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
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw fileError(error, 'read', path);
  }
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.replaceAll('\\', '/').replace(/^(\.\/)+/, ''));
}
