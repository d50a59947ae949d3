import { byFile, type Label } from './dataset.ts';
import { wholeGroups } from './groups.ts';
import { shuffled } from './shuffle.ts';

/** An image that can be dealt into folds. */
export interface Foldable {
  file: string;
  label: Label | null;
  group?: string | undefined;
}

/**
 * Deals images into folds, so that each has about the same number of each class; groups stay whole. As many folds as there are
 * objects of the rarer class give each fold an object of each class, unless objects show both.
 *
 * @param seed a whole number; the same seed and images give the same folds, whatever the order of the images
 * @returns the fold of each image, from 0
 */
export function cutFolds(images: readonly Foldable[], folds: number, seed: number): number[] {
  const groups = wholeGroups(shuffled(images.toSorted(byFile), seed));
  const dealt = new Map<Foldable, number>();
  const held = Array.from({ length: folds }, () => ({ normal: 0, abnormal: 0 }));
  const sizes = [...new Set(groups.values())].map((group) => {
    const abnormal = group.filter(({ label }) => label === 'abnormal').length;
    return { group, abnormal, normal: group.length - abnormal };
  });
  // The largest first: what is small fills up what they leave uneven.
  for (const { group, abnormal, normal } of sizes.sort((a, b) => b.abnormal - a.abnormal || b.normal - a.normal)) {
    const [first, second] = abnormal > 0 ? (['abnormal', 'normal'] as const) : (['normal', 'abnormal'] as const);
    const emptiest = held.toSorted((a, b) => a[first] - b[first] || a[second] - b[second])[0];
    if (!emptiest) throw new RangeError(`Images are dealt into at least one fold; got ${folds}.`);
    emptiest.abnormal += abnormal;
    emptiest.normal += normal;
    for (const image of group) dealt.set(image, held.indexOf(emptiest));
  }
  return images.map((image) => dealt.get(image) ?? 0);
}
