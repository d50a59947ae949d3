import { readdirSync } from 'node:fs';
import { basename, join, resolve, sep } from 'node:path';
import type { ImageRef } from '../../data/datasets/dataset.ts';
import { IMAGE_NAME } from '../../data/datasets/layouts.ts';
import { fileError } from '../../data/files/fs-error.ts';
import { isFolder } from '../../data/files/is-folder.ts';
import { UsageError } from '../common/usage-error.ts';

/**
 * The image that a path names, or the PNG and JPEG files of a folder and of those below it, by name. A folder's images
 * are called by their path in it, an image by the path that was given. They have no label, and nothing here asks for one.
 *
 * @throws CyclopsError when a folder cannot be listed or holds no image
 */
export function imagesAt(path: string): ImageRef[] {
  const ref = (file: string, name: string): ImageRef => ({ path: resolve(file), file: name, label: 'normal' });
  if (!isFolder(path)) return [ref(path, path)];
  let names: string[];
  try {
    names = readdirSync(path, { recursive: true, encoding: 'utf8' })
      .filter((name) => IMAGE_NAME.test(basename(name)) && !isFolder(join(path, name)))
      .map((name) => name.split(sep).join('/'));
  } catch (error) {
    throw fileError(error, 'list the folder', path);
  }
  if (names.length === 0) {
    throw new UsageError(
      `${path} holds no PNG or JPEG file, and none lies below it. Give a folder of images, or images.`,
    );
  }
  return names.sort().map((name) => ref(join(path, name), name));
}
