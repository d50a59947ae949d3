import { join, parse, relative, resolve, sep } from 'node:path';
import { CyclopsError } from '../../gpu/errors.ts';
import { DataFolder } from './data-folder.ts';
import { byFile, type Dataset, type ImageRef, LABELS, type Label, type Part } from './dataset.ts';
import { matchStems } from './file-names.ts';
import { applyIndex, INDEX_NAME } from './index-file.ts';
import { applyLists, LIST_NAMES, listPath, readLists } from './lists.ts';
import { passOver } from './passed-over.ts';

export interface LayoutOptions {
  /** What `trainA` and `testA` hold; the B folders hold the other class. */
  aIs?: Label;
  /** Whether normal images alone will do: `normal/` without `abnormal/`, `train/good` without `test/`, or a folder of images. */
  allowNormalAlone?: boolean;
}

/**
 * Recognises a data folder and lists its images, without opening them. Three layouts:
 * - folders: `normal/` and `abnormal/`, perhaps `masks/` and `pairs/` (same stems as the abnormal images; a pair is the image without its defect), `train.txt`, `calibration.txt`, `test.txt`;
 * - MVTec AD: `train/good`, `test/good`, `test/<defect>`, `ground_truth/<defect>/<stem>_mask.png`. All images are pooled
 *   and have no part yet, as in the paper's code; without `train/` they are all test images;
 * - trainA, trainB, testA, testB: A is abnormal unless `aIs` says otherwise; either pair may be absent.
 *
 * Normal images alone, where they will do, may also lie directly in the folder.
 *
 * `index.csv` may name group and kind of defect of each image (see `applyIndex`). What has the ending or the beginning of an image is one, whether it can be read or not. Hidden files and folders
 * are never looked at; sub-folders of a class are not searched. What is passed over is told of in `passedOver`.
 *
 * @throws CyclopsError when no layout fits, a folder of the layout is missing, a class is empty or a list is wrong
 */
export function readDataset(root: string, options: LayoutOptions = {}): Dataset {
  const data = new DataFolder(resolve(root));
  // Who has made a folder for abnormal images, be it empty, means to put some there.
  const allowNormalAlone = options.allowNormalAlone === true && !data.has('abnormal') && !data.has('test');
  const { images, strays, hasLists = false } = findImages(data, { ...options, allowNormalAlone });
  const said = applyIndex(data.root, images.sort(byFile));
  const parted = hasLists ? applyLists(said.images, readLists(data.root), data.root) : said.images;
  data.use([INDEX_NAME, ...(hasLists ? LIST_NAMES : [])]);
  const passedOver = data.passedOver();
  const kept = new Set(parted.map(({ file }) => file));
  passOver(
    passedOver,
    'unlisted',
    said.images.flatMap(({ file }) => (kept.has(file) ? [] : [file])),
  );
  passOver(passedOver, 'rows', said.unknown);
  const dataset = { root: data.root, images: parted, strays, passedOver };
  return requireClasses(dataset, allowNormalAlone ? ['normal'] : LABELS, said.images);
}

/** Images, and the masks and templates that belong to none, as paths relative to the root. */
interface Found {
  images: ImageRef[];
  strays: string[];
  /** Whether the layout lets lists give the parts. */
  hasLists?: boolean;
}

/** The images of the layout that a folder has. @throws CyclopsError when it has none */
function findImages(data: DataFolder, { aIs = 'abnormal', allowNormalAlone = false }: LayoutOptions): Found {
  const dir = data.root;
  const folders = data.folders('');
  const hasAbnormal = data.has('abnormal');
  if (data.has('normal') && !hasAbnormal && !allowNormalAlone) throw onlyNormal(`${dir} has normal/ and no abnormal/`);
  if (data.has('normal') || hasAbnormal) return readFolders(data);
  if (data.has('train/good') || data.has('test/good')) return readMvtec(data, allowNormalAlone);
  if (['trainA', 'trainB', 'testA', 'testB'].some((folder) => data.has(folder))) return readPairs(data, aIs);
  const bare = folders.length === 0 ? imagesIn(data, '', { label: 'normal' }) : [];
  if (bare.length > 0) {
    if (!allowNormalAlone) throw onlyNormal(`${dir} holds ${bare.length} images and no folders`);
    return { images: bare, strays: [], hasLists: true };
  }
  const found = [...folders, ...data.files('')].sort();
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

function readFolders(data: DataFolder): Found {
  const alone = (['normal', 'abnormal'] as const)
    .filter((label) => label === 'normal' || data.has(label))
    .flatMap((label) => imagesIn(data, label, { label }));
  const [masks, pairs] = [filesByStem(data, 'masks'), filesByStem(data, 'pairs')];
  const masked = withFiles(alone, 'mask', masks, data.root);
  const paired = withFiles(masked.images, 'pair', pairs, data.root);
  const has = (kind: 'mask' | 'pair') => paired.images.some((image) => image[kind]);
  requireMatch(join(data.root, 'masks'), masks, has('mask'));
  requireMatch(join(data.root, 'pairs'), pairs, has('pair'));
  return { images: paired.images, strays: [...masked.strays, ...paired.strays], hasLists: true };
}

function inRoot(root: string, path: string): string {
  return relative(root, path).split(sep).join('/');
}

/** Files of which none belongs to an image are named otherwise than somebody thought. */
function requireMatch(folder: string, files: FilesByStem, matches: boolean): void {
  const [first] = files.values();
  if (matches || first === undefined) return;
  throw new CyclopsError(
    `No file of ${folder} belongs to an abnormal image: expected the same names, but for the ending, and found ` +
      `${parse(first).base}. Rename them, or remove the folder.`,
  );
}

function readMvtec(data: DataFolder, allowNormalAlone: boolean): Found {
  const hasTrain = data.has('train');
  // What lies beside train/good is counted as passed over.
  if (hasTrain) data.folders('train');
  const part: { part?: Part } = hasTrain ? {} : { part: 'test' };
  const train = hasTrain ? imagesIn(data, 'train/good', { label: 'normal' }) : [];
  const strays: string[] = [];
  const kinds = allowNormalAlone && !data.has('test') ? [] : data.folders('test');
  const test = kinds.flatMap((kind) => {
    if (kind === 'good') return imagesIn(data, 'test/good', { label: 'normal', ...part });
    const masks = filesByStem(data, `ground_truth/${kind}`, (stem) => stem.replace(/_mask$/, ''));
    const images = imagesIn(data, `test/${kind}`, { label: 'abnormal', type: kind, ...part });
    const masked = withFiles(images, 'mask', masks, data.root);
    strays.push(...masked.strays);
    return masked.images;
  });
  for (const kind of data.has('ground_truth') ? data.folders('ground_truth') : []) {
    if (kinds.includes(kind) && kind !== 'good') continue;
    // Masks of good images are black and tell nothing.
    const masks = data.images(`ground_truth/${kind}`).map((name) => `ground_truth/${kind}/${name}`);
    if (kind !== 'good') strays.push(...masks);
  }
  return { images: [...train, ...test], strays };
}

function readPairs(data: DataFolder, aIs: Label): Found {
  const bIs = aIs === 'abnormal' ? 'normal' : 'abnormal';
  const images = (['train', 'test'] as const)
    .filter((part) => data.has(`${part}A`) || data.has(`${part}B`))
    .flatMap((part) => [
      ...imagesIn(data, `${part}A`, { label: aIs, part }),
      ...imagesIn(data, `${part}B`, { label: bIs, part }),
    ]);
  return { images, strays: [] };
}

/** The images directly in a folder, each with the given properties. */
function imagesIn(data: DataFolder, folder: string, properties: Pick<ImageRef, 'label' | 'type' | 'part'>): ImageRef[] {
  return data.images(folder).map((name) => {
    const path = join(data.root, folder, name);
    return { path, file: inRoot(data.root, path), ...properties };
  });
}

/** Paths of files, by the stem of the image that they belong to. */
type FilesByStem = ReadonlyMap<string, string>;

/** Abnormal images with the files that belong to them, and those that have the name of no image, be it a normal one. */
function withFiles(images: readonly ImageRef[], kind: 'mask' | 'pair', files: FilesByStem, root: string): Found {
  const stem = ({ file }: ImageRef) => parse(file).name;
  const stems = (wanted: Label) => images.filter(({ label }) => label === wanted).map(stem);
  const matches = matchStems(stems('abnormal'), files, root);
  const belonging = new Set([...matches.values(), ...matchStems(stems('normal'), files, root).values()]);
  const strays = [...files.values()].filter((path) => !belonging.has(path)).map((path) => inRoot(root, path));
  const all = images.map((image) => {
    const path = image.label === 'abnormal' ? matches.get(stem(image)) : undefined;
    return path === undefined ? image : { ...image, [kind]: path };
  });
  return { images: all, strays };
}

/**
 * The image files of a folder; none when the folder is absent.
 *
 * @throws CyclopsError when two belong to one image
 */
function filesByStem(data: DataFolder, folder: string, imageStem = (stem: string) => stem): FilesByStem {
  const files = new Map<string, string>();
  if (!data.has(folder)) return files;
  for (const name of data.images(folder)) {
    const path = join(data.root, folder, name);
    const stem = imageStem(parse(name).name);
    const other = files.get(stem);
    if (other !== undefined) {
      throw new CyclopsError(
        `${path} and ${parse(other).base} belong to one image, ${stem}: expected one file for each. Remove one of them.`,
      );
    }
    files.set(stem, path);
  }
  return files;
}

/** @param found all images, before lists left some out */
function requireClasses(dataset: Dataset, labels: readonly Label[], found: readonly ImageRef[]): Dataset {
  const { root, images } = dataset;
  for (const label of labels) {
    const isLabel = (image: ImageRef) => image.label === label;
    if (images.some(isLabel)) continue;
    const none = (of: readonly ImageRef[]) => (of.length === 0 ? 'no image at all' : `no ${label} image`);
    if (found.some(isLabel)) {
      throw new CyclopsError(
        `${listPath(root, 'train')} and ${listPath(root, 'test')} name ${none(images)}, and what they do not name is left out: expected images of both ` +
          'classes, one path a line, relative to the data folder, such as normal/a.png. Name them there, or remove a list.',
      );
    }
    throw new CyclopsError(
      `${root} holds ${none(found)}: expected images of both classes directly in their folders ` +
        '(sub-folders of a class are not searched). Put the images there.',
    );
  }
  return dataset;
}
