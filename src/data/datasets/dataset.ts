import { CyclopsError } from '../../gpu/errors.ts';
import type { PassedOver } from './passed-over.ts';

/** The classes of images, in the order of tables. */
export const LABELS = ['normal', 'abnormal'] as const;
export type Label = (typeof LABELS)[number];
/** `train` makes the networks, `calibration` chooses score and threshold, `test` is judged. */
export const PARTS = ['train', 'calibration', 'test'] as const;
export type Part = (typeof PARTS)[number];

/** One image of a data folder. Nothing about its content is known before it is decoded. */
export interface ImageRef {
  /** Absolute path. */
  path: string;
  /** Path relative to the data folder, with `/` on every system: the name in lists, tables and reports. */
  file: string;
  label: Label;
  /** Kind of defect, where the folder tells it. */
  type?: string;
  /** Absolute path of the image that is white where the defect is. */
  mask?: string;
  /** Absolute path of the abnormal image's template: what it would look like without its defect, aligned. */
  pair?: string;
  /** Images of one group show one object and stay in one part; absent where nobody said, and the image stands alone. */
  group?: string;
  /** Absent until the folder's lists or a split have decided; then present on every image of the data set. */
  part?: Part;
}

export interface Dataset {
  /** Absolute path of the data folder. */
  root: string;
  /** Sorted by `file`. */
  images: ImageRef[];
  /** Masks and templates that have the name of no image, relative to the root: somebody meant them for one. */
  strays: string[];
  /** What else lies there and is not used, relative to the root. */
  passedOver: PassedOver;
}

const USES = { train: 'Training', calibration: 'Calibration', test: 'Evaluation' } as const;

/** Whether a data set has no abnormal image in any part. */
export function isNormalAlone({ images }: { images: readonly Pick<ImageRef, 'label'>[] }): boolean {
  return images.every(({ label }) => label === 'normal');
}

/**
 * The images of one part, which must hold both classes, unless the data set is one of normal images alone.
 *
 * @throws CyclopsError when the part has no normal or no abnormal image
 */
export function partOf(dataset: Dataset, part: Part): ImageRef[] {
  const images = dataset.images.filter((image) => image.part === part);
  for (const label of isNormalAlone(dataset) ? (['normal'] as const) : LABELS) {
    if (images.some((image) => image.label === label)) continue;
    throw new CyclopsError(
      `${dataset.root}: ${USES[part]} needs normal and abnormal images, but the ${part} part has no ${label} one ` +
        `(${images.length} images in all). Add some, or change train.txt, calibration.txt and test.txt.`,
    );
  }
  return images;
}

/** Order by character codes: the same on every machine and in every language setting. */
export function byFile(a: { file: string }, b: { file: string }): number {
  if (a.file === b.file) return 0;
  return a.file < b.file ? -1 : 1;
}
