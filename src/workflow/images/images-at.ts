import { existsSync } from 'node:fs';
import { posix, resolve, sep } from 'node:path';
import { byFile, type ImageRef } from '../../data/datasets/dataset.ts';
import { folderContent } from '../../data/datasets/folder-content.ts';
import { type PassedOver, passedOverText, passOver, passOverAll } from '../../data/datasets/passed-over.ts';
import { isFolder } from '../../data/files/is-folder.ts';
import { isWithin, realPlace } from '../../data/files/real-place.ts';
import { UsageError } from '../common/usage-error.ts';

/**
 * The images that paths name, and those of folders and of the folders below them, by name. An image is called by the path that was
 * given. The images of a folder are called by their path in it, and where there are other paths by the folder's in front of it, so that
 * nobody takes one for another. Links that lead out of a folder are followed only where that is asked for. Hidden files and folders are not looked at; what two paths name is taken once. The images have no
 * label, and nothing here asks for one.
 *
 * @param warn takes a sentence on what was passed over
 * @throws CyclopsError when a folder cannot be listed or holds no image
 */
export function imagesAt(paths: readonly string[], warn?: (line: string) => void, followLinks = false): ImageRef[] {
  const passed: PassedOver = {};
  const known = new Set<string>();
  const images = paths.flatMap((path) => {
    const called = paths.length > 1 ? slashed(path) : '';
    const refs = isFolder(path) ? requireImages({ root: path, called, followLinks }, passed) : [imageRef(path, path)];
    const places = refs.map((ref) => realPlace(ref.path));
    const [fresh, again] = [false, true].map((isKnown) =>
      refs.filter((_, i) => known.has(places[i] ?? '') === isKnown),
    );
    // Links to one image in one folder are names that somebody gave it: only other paths repeat it.
    for (const place of places) known.add(place);
    passOver(passed, 'twice', again?.map(({ file }) => file) ?? []);
    return fresh ?? [];
  });
  const text = passedOverText(passed);
  if (text) warn?.(`Warning: passed over: ${text}.`);
  return images;
}

function requireImages(folder: SearchedFolder, passed: PassedOver): ImageRef[] {
  const { root } = folder;
  const here: PassedOver = {};
  const images = imagesBelow(folder, here);
  if (images.length === 0) {
    const text = passedOverText(here);
    throw new UsageError(
      `${root} holds no image, and none lies below it. Give a folder of images, or images.${text ? ` It holds ${text}.` : ''}`,
    );
  }
  passOverAll(passed, here);
  return images;
}

/** A folder whose images are wanted, and those of the folders below it. */
export interface SearchedFolder {
  readonly root: string;
  /** What stands in front of the names of its images. */
  readonly called: string;
  /** Whether links are followed that lead out of it. */
  readonly followLinks: boolean;
  /** Whether a file without the ending of an image begins as one, where that is not to be read anew. */
  readonly begins?: (path: string) => boolean;
}

/**
 * The images of a folder and of those below it, by name.
 *
 * @param passed gets what was passed over
 * @throws CyclopsError when a folder cannot be listed
 */
export function imagesBelow({ root, called, followLinks, begins }: SearchedFolder, passed: PassedOver): ImageRef[] {
  const images: ImageRef[] = [];
  const named = (names: readonly string[]) => names.map((name) => posix.join(called, name));
  const visited = new Set<string>();
  const folders = [''];
  const links: string[] = [];
  // Links come last, so that a folder is entered by its own name where it has one here.
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift() ?? links.shift()) {
    const below = (names: readonly string[]) => names.map((name) => posix.join(folder ?? '', name));
    const real = realPlace(resolve(root, folder));
    if (visited.has(real)) {
      passOver(passed, 'again', named([folder]));
      continue;
    }
    visited.add(real);
    const content = folderContent(resolve(root, folder), begins);
    const candidates = followLinks ? [] : below([...content.linked, ...content.links]);
    // What leads nowhere is told as what cannot be read.
    const isOutside = (path: string) => existsSync(path) && !isWithin(root, path);
    const outside = new Set(candidates.filter((name) => isOutside(resolve(root, name))));
    const kept = (names: readonly string[]) => below(names).filter((name) => !outside.has(name));
    for (const name of kept(content.images)) images.push(imageRef(resolve(root, name), posix.join(called, name)));
    for (const name of below(content.folders)) folders.push(name);
    for (const name of kept(content.links)) links.push(name);
    passOver(passed, 'outside', named([...outside]));
    passOver(passed, 'others', named(below(content.others)));
    passOver(passed, 'hidden', named(below(content.hidden)));
  }
  return images.sort(byFile);
}

function imageRef(path: string, file: string): ImageRef {
  return { path: resolve(path), file, label: 'normal' };
}

function slashed(path: string): string {
  return path.split(sep).join('/');
}
