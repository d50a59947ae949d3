import { CyclopsError } from '../gpu/errors.ts';
import { writeFileAtomic } from './atomic.ts';
import { byFile, type Dataset, type Label, type Part } from './dataset.ts';
import { listPath } from './lists.ts';
import { shuffled } from './shuffle.ts';

/**
 * Gives every image a part where the data folder does not: each class is shuffled with the seed, the first
 * ⌊min(#normal, #abnormal) / 2⌋ of each class test (a balanced test part), the rest trains. This is the split of the
 * paper's public code. A data set whose folder gives the parts comes back as it is.
 *
 * @param seed a whole number; the same seed and files give the same split on every machine
 * @throws CyclopsError when a class has fewer than two images
 */
export function splitDataset(dataset: Dataset, seed: number): Dataset {
  if (dataset.images.some((image) => image.part)) return dataset;
  const ofClass = (label: Label) => dataset.images.filter((image) => image.label === label).sort(byFile);
  const [normal, abnormal] = [ofClass('normal'), ofClass('abnormal')];
  const testCount = Math.floor(Math.min(normal.length, abnormal.length) / 2);
  if (testCount === 0) {
    throw new CyclopsError(
      `${dataset.root} cannot be split into a training and a test part: at least 2 normal and 2 abnormal images were ` +
        `expected, it has ${normal.length} and ${abnormal.length}. Add images, or name the parts in train.txt and test.txt.`,
    );
  }
  const images = [normal, abnormal].flatMap((images) =>
    shuffled(images, seed).map((image, index) => ({ ...image, part: index < testCount ? 'test' : 'train' }) as const),
  );
  return { ...dataset, images: images.sort(byFile) };
}

/**
 * Writes `train.txt` and `test.txt` into a folder, in the form that `readLists` reads.
 *
 * @throws CyclopsError when the folder cannot be written
 */
export function writeSplit(dir: string, dataset: Dataset): void {
  for (const part of ['train', 'test'] as const) {
    writeFileAtomic(listPath(dir, part), filesOf(dataset, part).join(''));
  }
}

function filesOf(dataset: Dataset, part: Part): string[] {
  return dataset.images.filter((image) => image.part === part).map((image) => `${image.file}\n`);
}
