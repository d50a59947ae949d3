import { describe, expect, it } from 'vitest';
import type { Label } from '../../../src/data/datasets/dataset.ts';
import { cutFolds, type Foldable } from '../../../src/data/datasets/folds.ts';
import { countObjects } from '../../../src/data/datasets/groups.ts';

function images(normal: number, abnormal: number, groupSize = 1): Foldable[] {
  const of = (label: Label, count: number) =>
    Array.from({ length: count }, (_, i) => ({
      file: `${label}/${i}.png`,
      label,
      ...(groupSize > 1 && { group: `${label} ${Math.floor(i / groupSize)}` }),
    }));
  return [...of('normal', normal), ...of('abnormal', abnormal)];
}

const sizes = (all: Foldable[], dealt: number[], folds: number, label: Label) =>
  Array.from(
    { length: folds },
    (_, fold) => all.filter((image, i) => image.label === label && dealt[i] === fold).length,
  );

describe('cutFolds', () => {
  it.each([
    [23, 7, 5],
    [9, 30, 4],
    [10, 10, 10],
  ])('deals %i normal and %i abnormal images evenly into %i folds', (normal, abnormal, folds) => {
    const all = images(normal, abnormal);
    const dealt = cutFolds(all, folds, 3);
    for (const [label, count] of [
      ['normal', normal],
      ['abnormal', abnormal],
    ] as const) {
      for (const size of sizes(all, dealt, folds, label)) expect(Math.abs(size - count / folds)).toBeLessThan(1);
    }
    expect(new Set(dealt)).toEqual(new Set(Array.from({ length: folds }, (_, fold) => fold)));
  });

  it('keeps groups whole, and gives each fold both classes', () => {
    const all = images(30, 12, 3);
    const dealt = cutFolds(all, 4, 0);
    const found = new Map<string, Set<number>>();
    for (const [i, { group = '' }] of all.entries())
      found.set(group, (found.get(group) ?? new Set()).add(dealt[i] ?? -1));
    for (const folds of found.values()) expect(folds.size).toBe(1);
    expect(sizes(all, dealt, 4, 'abnormal')).toEqual([3, 3, 3, 3]);
    expect(Math.min(...sizes(all, dealt, 4, 'normal'))).toBeGreaterThan(0);
  });

  it('is the same for a seed, whatever order the images come in, and another for another', () => {
    const all = images(20, 20);
    const byFile = (some: Foldable[], seed: number) => {
      const dealt = cutFolds(some, 4, seed);
      return Object.fromEntries(some.map(({ file }, i) => [file, dealt[i]]));
    };
    expect(byFile(all.toReversed(), 1)).toEqual(byFile(all, 1));
    expect(byFile(all, 2)).not.toEqual(byFile(all, 1));
  });
});

it('countObjects counts groups once, and images without one each', () => {
  expect(countObjects(images(30, 12, 3))).toEqual({ normal: 10, abnormal: 4 });
  const both = [
    ...images(2, 3),
    { file: 'a', label: 'normal' as const, group: 'x' },
    { file: 'b', label: 'abnormal' as const, group: 'x' },
  ];
  expect(countObjects([...both, { file: 'c', label: 'abnormal', group: 'x' }, { file: 'd', label: null }])).toEqual({
    normal: 3,
    abnormal: 4,
  });
});
