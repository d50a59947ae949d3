import { type Dirent, readdirSync } from 'node:fs';
import { join, parse, relative, resolve, sep } from 'node:path';
import { CyclopsError } from '../../gpu/errors.ts';
import { fileError } from '../files/fs-error.ts';
import { isFolder } from '../files/is-folder.ts';
import { byFile, type Dataset, type ImageRef, LABELS, type Label, type Part } from './dataset.ts';
import { applyIndex } from './index-file.ts';
import { applyLists, readLists } from './lists.ts';

export interface LayoutOptions {
  /** What `trainA` and `testA` hold; the B folders hold the other class. */
  aIs?: Label;
  /** Whether normal images alone will do: `normal/` without `abnormal/`, `train/good` without `test/`, or a folder of images. */
  allowNormalAlone?: boolean;
}

/** Names of image files: PNG or JPEG, not hidden. */
export const IMAGE_NAME = /^[^.].*\.(png|jpe?g)$/i;

/**
 * Recognises a data folder and lists its images, without opening them. Three layouts:
 * - folders: `normal/` and `abnormal/`, perhaps `masks/` and `pairs/` (same stems as the abnormal images; a pair is the image without its defect), `train.txt`, `calibration.txt`, `test.txt`;
 * - MVTec AD: `train/good`, `test/good`, `test/<defect>`, `ground_truth/<defect>/<stem>_mask.png`. All images are pooled
 *   and have no part yet, as in the paper's code; without `train/` they are all test images;
 * - trainA, trainB, testA, testB: A is abnormal unless `aIs` says otherwise; either pair may be absent.
 *
 * Normal images alone, where they will do, may also lie directly in the folder.
 *
 * `index.csv` may name group and kind of defect of each image (see `applyIndex`). Only PNG and JPEG names count; other files, names that begin with a dot and sub-folders of a class are passed over.
 *
 * @throws CyclopsError when no layout fits, a folder of the layout is missing, a class is empty or a list is wrong
 */
export function readDataset(root: string, options: LayoutOptions = {}): Dataset {
  const dir = resolve(root);
  const found = list(dir).map((entry) => entry.name);
  const has = (path: string) => isFolder(join(dir, path));

  // Who has made a folder for abnormal images, be it empty, means to put some there.
  const allowNormalAlone = options.allowNormalAlone === true && !has('abnormal') && !has('test');
  const checked = ([images, strays]: Found) =>
    requireClasses({ root: dir, images: applyIndex(dir, images), strays }, allowNormalAlone ? ['normal'] : LABELS);

  const bare = found.filter((name) => IMAGE_NAME.test(name)).length;
  if (has('normal') && !has('abnormal') && !allowNormalAlone) throw onlyNormal(`${dir} has normal/ and no abnormal/`);
  if (has('normal') || has('abnormal')) return checked(readFolders(dir));
  if (has('train/good') || has('test/good')) return checked(readMvtec(dir, allowNormalAlone));
  if (['trainA', 'trainB', 'testA', 'testB'].some(has)) {
    return checked([readPairs(dir, options.aIs ?? 'abnormal'), []]);
  }
  if (bare > 0 && !found.some((name) => has(name))) {
    if (!allowNormalAlone) throw onlyNormal(`${dir} holds ${bare} images and no folders`);
    return checked([applyLists(imagesIn(dir, '', { label: 'normal' }).sort(byFile), readLists(dir), dir), []]);
  }
  const names = found.length > 0 ? `${found.slice(0, 8).join(', ')}${found.length > 8 ? ', …' : ''}` : 'nothing';
  throw new CyclopsError(
    `${dir} is not a data folder of a known layout. Expected normal/ and abnormal/ (with optional masks/, pairs/, train.txt, ` +
      `calibration.txt, test.txt), or MVTec AD's train/good and test/<defect>, or trainA, trainB, testA and testB; found ${names}. ` +
      'Give the folder that holds these, or arrange the images in one of these ways.',
  );
}

/** Why one class is not enough. @param found what is there instead */
function onlyNormal(found: string): CyclopsError {
  return new CyclopsError(
    `${found}. Cyclops learns from both: its networks translate abnormal images to normal ones, and the threshold comes from abnormal images that ` +
      'it must not miss. Put normal images into normal/ and abnormal ones, some thirty or more, into abnormal/ of that folder.',
  );
}

/** Images, and the masks and templates that belong to none, as paths relative to the root. */
type Found = [images: ImageRef[], strays: string[]];

function readFolders(root: string): Found {
  const masks = filesByStem(join(root, 'masks'));
  const pairs = filesByStem(join(root, 'pairs'));
  const images = [
    ...imagesIn(root, 'normal', { label: 'normal' }),
    ...(isFolder(join(root, 'abnormal')) ? imagesIn(root, 'abnormal', { label: 'abnormal' }, { masks, pairs }) : []),
  ].sort(byFile);
  requireMatch(
    root,
    'masks',
    masks,
    images.some(({ mask }) => mask),
  );
  requireMatch(
    root,
    'pairs',
    pairs,
    images.some(({ pair }) => pair),
  );
  return [applyLists(images, readLists(root), root), [...strays(root, masks, images), ...strays(root, pairs, images)]];
}

/** Files that have the name of no image. A normal image may have a mask, which is black and tells nothing. */
function strays(root: string, files: FilesByStem, images: readonly ImageRef[]): string[] {
  const stems = new Set(images.map(({ file }) => parse(file).name));
  return [...files].flatMap(([stem, path]) => (stems.has(stem) ? [] : [inRoot(root, path)]));
}

function inRoot(root: string, path: string): string {
  return relative(root, path).split(sep).join('/');
}

/** Files of which none belongs to an image are named otherwise than somebody thought. */
function requireMatch(root: string, folder: string, files: FilesByStem, matches: boolean): void {
  const [first] = files.values();
  if (matches || first === undefined) return;
  throw new CyclopsError(
    `No file of ${join(root, folder)} belongs to an abnormal image: expected the same names, but for the ending, and found ` +
      `${parse(first).base}. Rename them, or remove the folder.`,
  );
}

function readMvtec(root: string, allowNormalAlone: boolean): Found {
  const part: { part?: Part } = isFolder(join(root, 'train')) ? {} : { part: 'test' };
  const train = isFolder(join(root, 'train')) ? imagesIn(root, 'train/good', { label: 'normal' }) : [];
  const unmatched: string[] = [];
  const test = (allowNormalAlone && !isFolder(join(root, 'test')) ? [] : list(join(root, 'test')))
    .filter((entry) => isFolder(join(root, 'test', entry.name)))
    .flatMap(({ name }) => {
      if (name === 'good') return imagesIn(root, 'test/good', { label: 'normal', ...part });
      const masks = filesByStem(join(root, 'ground_truth', name), (stem) => stem.replace(/_mask$/, ''));
      const images = imagesIn(root, `test/${name}`, { label: 'abnormal', type: name, ...part }, { masks });
      unmatched.push(...strays(root, masks, images));
      return images;
    });
  const kinds = isFolder(join(root, 'ground_truth')) ? list(join(root, 'ground_truth')).map(({ name }) => name) : [];
  for (const kind of kinds) {
    const folder = join(root, 'ground_truth', kind);
    if (kind === 'good' || !isFolder(folder) || isFolder(join(root, 'test', kind))) continue;
    unmatched.push(...imageNames(folder).map((name) => inRoot(root, join(folder, name))));
  }
  return [[...train, ...test].sort(byFile), unmatched];
}

function readPairs(root: string, aIs: Label): ImageRef[] {
  const bIs = aIs === 'abnormal' ? 'normal' : 'abnormal';
  return (['train', 'test'] as const)
    .filter((part) => isFolder(join(root, `${part}A`)) || isFolder(join(root, `${part}B`)))
    .flatMap((part) => [
      ...imagesIn(root, `${part}A`, { label: aIs, part }),
      ...imagesIn(root, `${part}B`, { label: bIs, part }),
    ])
    .sort(byFile);
}

/** Paths of files, by the stem of the image that they belong to. */
type FilesByStem = ReadonlyMap<string, string>;

/** The images directly in `root/folder`, each with the given properties and the mask and pair of its stem. */
function imagesIn(
  root: string,
  folder: string,
  properties: Pick<ImageRef, 'label' | 'type' | 'part'>,
  { masks, pairs }: { masks?: FilesByStem; pairs?: FilesByStem } = {},
): ImageRef[] {
  return imageNames(join(root, folder)).map((name) => {
    const path = join(root, folder, name);
    const [mask, pair] = [masks?.get(parse(name).name), pairs?.get(parse(name).name)];
    return { path, file: inRoot(root, path), ...properties, ...(mask && { mask }), ...(pair && { pair }) };
  });
}

/**
 * The image files of a folder; none when the folder is absent.
 *
 * @throws CyclopsError when two belong to one image
 */
function filesByStem(dir: string, imageStem = (stem: string) => stem): FilesByStem {
  const files = new Map<string, string>();
  if (!isFolder(dir)) return files;
  for (const name of imageNames(dir)) {
    const stem = imageStem(parse(name).name);
    const other = files.get(stem);
    if (other !== undefined) {
      throw new CyclopsError(
        `${join(dir, name)} and ${parse(other).base} belong to one image, ${stem}: expected one file for each. Remove one of them.`,
      );
    }
    files.set(stem, join(dir, name));
  }
  return files;
}

function imageNames(dir: string): string[] {
  return list(dir)
    .filter((entry) => !entry.isDirectory() && IMAGE_NAME.test(entry.name))
    .map((entry) => entry.name);
}

function list(dir: string): Dirent[] {
  try {
    return readdirSync(dir, { withFileTypes: true });
  } catch (error) {
    throw fileError(error, 'list the data folder', dir);
  }
}

function requireClasses(dataset: Dataset, labels: readonly Label[]): Dataset {
  for (const label of labels) {
    if (dataset.images.some((image) => image.label === label)) continue;
    const none = dataset.images.length === 0 ? 'no image at all' : `no ${label} image`;
    throw new CyclopsError(
      `${dataset.root} holds ${none}: expected PNG or JPEG files of both classes directly in their folders ` +
        '(sub-folders of a class are not searched). Put the images there.',
    );
  }
  return dataset;
}
