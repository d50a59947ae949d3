import { CyclopsError } from '../../gpu/errors.ts';
import { writeFileAtomic } from '../files/atomic.ts';
import { byFile, type Dataset, type ImageRef, type Label, PARTS, type Part } from './dataset.ts';
import { wholeGroups } from './groups.ts';
import { listPath, listText } from './lists.ts';
import { shuffled } from './shuffle.ts';

const LABELS = ['abnormal', 'normal'] as const;

/**
 * Gives every image a part where the data folder does not: each class is shuffled with the seed, the first
 * ⌊min(#normal, #abnormal) / 2⌋ of each class test (a balanced test part), the rest trains. This is the split of the
 * paper's public code; groups stay whole. A data set whose folder gives the parts comes back as it is.
 *
 * @param seed a whole number; the same seed and files give the same split on every machine
 * @throws CyclopsError when a class has fewer than two images, or fewer than two groups
 */
export function splitDataset(dataset: Dataset, seed: number): Dataset {
  if (dataset.images.some((image) => image.part)) return dataset;
  const counts = countByLabel(dataset.images);
  const testCount = Math.floor(Math.min(counts.normal, counts.abnormal) / 2);
  if (testCount === 0) {
    throw new CyclopsError(
      `${dataset.root} cannot be split into a training and a test part: at least 2 normal and 2 abnormal images were ` +
        `expected, it has ${counts.normal} and ${counts.abnormal}. Add images, or name the parts in train.txt and test.txt.`,
    );
  }
  const test = draw(dataset.images, { normal: testCount, abnormal: testCount }, seed);
  const images = dataset.images.map((image) => ({ ...image, part: test.has(image) ? 'test' : 'train' }) as const);
  requireBothClasses(dataset.root, images, ['train', 'test'], 'a training and a test part');
  return { ...dataset, images: images.sort(byFile) };
}

/**
 * Divides a data set of normal images alone where its folder does not: the given share calibrates, at least one image, and the rest trains.
 * Without abnormal images there is nothing to test. Groups stay whole.
 *
 * @param share from 0 to 0.9 @throws CyclopsError when there are fewer than two images, or two groups
 */
export function splitNormalAlone(dataset: Dataset, share: number, seed: number): Dataset {
  const images = dataset.images.map((image) => ({ ...image, part: image.part ?? ('train' as const) }));
  if (share === 0 || images.some(({ part }) => part === 'calibration')) return { ...dataset, images };
  const training = images.filter(({ part }) => part === 'train');
  const cut = drawShare(training, share, seed);
  if (cut.size === training.length) {
    throw new CyclopsError(
      `${dataset.root} cannot be divided: of its ${training.length} normal images some train and others calibrate, in whole groups. Expected at ` +
        'least two, and where images are grouped two groups. Add images, or use smaller groups.',
    );
  }
  return { ...dataset, images: images.map(calibrating(cut)) };
}

/**
 * Cuts a calibration part out of the training part: of each class the given share, at least one image; groups stay whole.
 * A data set that has a calibration part already, and any with share 0, comes back as it is.
 *
 * @param dataset with a part for every image
 * @param share from 0 to 0.9
 * @throws CyclopsError when a class has fewer than two training images, or fewer than two groups
 */
export function cutCalibration(dataset: Dataset, share: number, seed: number): Dataset {
  if (share === 0 || dataset.images.some(({ part }) => part === 'calibration')) return dataset;
  const training = dataset.images.filter(({ part }) => part === 'train');
  const images = dataset.images.map(calibrating(drawShare(training, share, seed)));
  requireBothClasses(dataset.root, images, ['train', 'calibration'], 'a training and a calibration part');
  return { ...dataset, images };
}

/** Of each class the given share, at least one image and not all, as far as whole groups let it. */
function drawShare(training: readonly ImageRef[], share: number, seed: number): Set<ImageRef> {
  const counts = countByLabel(training);
  const wanted = (label: Label) => Math.min(Math.max(1, Math.round(share * counts[label])), counts[label] - 1);
  return draw(training, { normal: wanted('normal'), abnormal: wanted('abnormal') }, seed);
}

function calibrating(cut: ReadonlySet<ImageRef>): (image: ImageRef) => ImageRef {
  return (image) => (cut.has(image) ? { ...image, part: 'calibration' } : image);
}

/**
 * About so many images of each class, in whole groups, in an order that the seed draws. A group that would overshoot by
 * more than it fills is passed over, unless all would. Without groups the counts are exact.
 */
function draw(images: readonly ImageRef[], wanted: Record<Label, number>, seed: number): Set<ImageRef> {
  const groups = wholeGroups(images);
  const drawn = new Set<ImageRef>();
  for (const label of LABELS) {
    const size = (group: Iterable<ImageRef>) => [...group].filter((image) => image.label === label).length;
    const take = (group: readonly ImageRef[]) => {
      for (const image of group) drawn.add(image);
    };
    const order = shuffled(images.filter((image) => image.label === label).sort(byFile), seed);
    const candidates = [...new Set(order.map((image) => groups.get(image) ?? [image]))];
    for (const group of candidates) {
      const missing = wanted[label] - size(drawn);
      if (size(group) < 2 * missing && !group.some((image) => drawn.has(image))) take(group);
    }
    if (size(drawn) === 0) take(candidates.toSorted((a, b) => size(a) - size(b))[0] ?? []);
  }
  return drawn;
}

function countByLabel(images: readonly ImageRef[]): Record<Label, number> {
  const abnormal = images.filter(({ label }) => label === 'abnormal').length;
  return { normal: images.length - abnormal, abnormal };
}

function requireBothClasses(root: string, images: readonly ImageRef[], parts: readonly Part[], what: string): void {
  for (const part of parts) {
    for (const label of LABELS) {
      if (images.some((image) => image.part === part && image.label === label)) continue;
      throw new CyclopsError(
        `${root} cannot be split into ${what}: the ${part} part would have no ${label} image. Expected at least two ` +
          `${label} images to divide, and where images are grouped two groups. Add images, use smaller groups, or for ` +
          'calibration take --calibration-share 0, which chooses the threshold on the training images.',
      );
    }
  }
}

/**
 * Writes the parts of a data set into a folder, as `train.txt`, `calibration.txt` where there is one, and `test.txt`, in
 * the form that `readLists` reads.
 *
 * @throws CyclopsError when the folder cannot be written
 */
export function writeSplit(dir: string, dataset: Dataset): void {
  for (const part of PARTS) {
    const files = dataset.images.filter((image) => image.part === part).map(({ file }) => file);
    if (part !== 'calibration' || files.length > 0) writeFileAtomic(listPath(dir, part), listText(files));
  }
}
