import { CyclopsError } from '../../gpu/errors.ts';
import type { Dataset, ImageRef, Label } from './dataset.ts';

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

/** An image, in a group where one is named. */
export function withGroup(image: ImageRef, group: string | undefined): ImageRef {
  return group ? { ...image, group } : image;
}
