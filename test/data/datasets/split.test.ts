import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Dataset, ImageRef, Label } from '../../../src/data/datasets/dataset.ts';
import { readDataset } from '../../../src/data/datasets/layouts.ts';
import { applyLists, readLists } from '../../../src/data/datasets/lists.ts';
import { shuffled, splitMix64 } from '../../../src/data/datasets/shuffle.ts';
import { cutCalibration, splitDataset, writeSplit } from '../../../src/data/datasets/split.ts';
import { expectRefusal, put, useTemporaryFolder } from '../support.ts';

const path = useTemporaryFolder();

function dataset(normal: number, abnormal: number): Dataset {
  const refs = (label: Label, count: number): ImageRef[] =>
    Array.from({ length: count }, (_, i) => {
      const file = `${label}/${String(i).padStart(3, '0')}.png`;
      return { path: `/data/${file}`, file, label };
    });
  return {
    root: '/data',
    images: [...refs('abnormal', abnormal), ...refs('normal', normal)],
    strays: [],
    passedOver: {},
  };
}

const files = (data: Dataset, part: string) => data.images.filter((image) => image.part === part).map((i) => i.file);

describe('splitMix64', () => {
  it('gives the numbers of the published generator', () => {
    const next = splitMix64(1234567n);
    expect([next(), next(), next(), next(), next()]).toEqual([
      6457827717110365317n,
      3203168211198807973n,
      9817491932198370423n,
      4593380528125082431n,
      16408922859458223821n,
    ]);
  });
});

describe('shuffled', () => {
  it('gives every order of three items about equally often', () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 6000; seed++) {
      const order = shuffled(['a', 'b', 'c'], seed).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    // Standard deviation 29; the seeds are fixed, so this cannot fail by chance.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(120);
  });

  it('keeps the items and leaves its input alone', () => {
    const items = Array.from({ length: 100 }, (_, i) => i);
    const order = shuffled(items, 3);
    expect(items).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(order).not.toEqual(items);
    expect(order.toSorted((a, b) => a - b)).toEqual(items);
  });
});

describe('splitDataset', () => {
  it.each([
    [266, 60, 30],
    [7, 9, 3],
    [2, 2, 1],
    [2, 100, 1],
  ])('of %i normal and %i abnormal images tests %i of each', (normal, abnormal, test) => {
    const { images } = splitDataset(dataset(normal, abnormal), 1);
    const count = (label: string, part: string) => images.filter((i) => i.label === label && i.part === part).length;
    expect([count('normal', 'test'), count('abnormal', 'test')]).toEqual([test, test]);
    expect([count('normal', 'train'), count('abnormal', 'train')]).toEqual([normal - test, abnormal - test]);
    expect(images.map((image) => image.file)).toEqual(dataset(normal, abnormal).images.map((image) => image.file));
  });

  it('repeats for a seed, whatever order the files come in, and changes with the seed', () => {
    const reversed = { ...dataset(20, 20), images: dataset(20, 20).images.toReversed() };
    expect(splitDataset(reversed, 7)).toEqual(splitDataset(dataset(20, 20), 7));
    expect(files(splitDataset(dataset(20, 20), 8), 'test')).not.toEqual(
      files(splitDataset(dataset(20, 20), 7), 'test'),
    );
  });

  it('does not move one class when the other grows within the same test size', () => {
    const abnormalTest = (data: Dataset) =>
      files(splitDataset(data, 5), 'test').filter((f) => f.startsWith('abnormal'));
    expect(abnormalTest(dataset(40, 12))).toEqual(abnormalTest(dataset(90, 12)));
  });

  it('leaves parts that the folder gives', () => {
    const given = dataset(3, 3);
    given.images = given.images.map((image) => ({ ...image, part: 'train' }));
    expect(splitDataset(given, 1)).toBe(given);
  });

  it('refuses a single image of a class', () => {
    expectRefusal(() => splitDataset(dataset(50, 1), 1), '/data', 'at least 2', '50 and 1', 'Add images');
  });
});

/** Images of both classes in groups of so many, each group with images of both. */
function grouped(perClass: number, groupSize: number): Dataset {
  const data = dataset(perClass, perClass);
  const group = (file: string) => `object ${Math.floor(Number(/(\d+)\.png/.exec(file)?.[1]) / groupSize)}`;
  return { ...data, images: data.images.map((image) => ({ ...image, group: group(image.file) })) };
}

const counts = (data: Dataset, part: string) =>
  (['normal', 'abnormal'] as const).map(
    (label) => data.images.filter((image) => image.part === part && image.label === label).length,
  );

function expectWholeGroups({ images }: Dataset): void {
  const parts = new Map<string, Set<string>>();
  for (const { group = '', part = '' } of images) parts.set(group, (parts.get(group) ?? new Set()).add(part));
  for (const seen of parts.values()) expect(seen.size).toBe(1);
}

describe('groups', () => {
  it.each([2, 3, 5])('of %i images of each class stay whole, and parts keep about their sizes', (groupSize) => {
    const split = cutCalibration(splitDataset(grouped(60, groupSize), 4), 0.2, 4);
    expectWholeGroups(split);
    for (const count of counts(split, 'test')) expect(Math.abs(count - 30)).toBeLessThanOrEqual(groupSize / 2);
    for (const count of counts(split, 'calibration')) expect(Math.abs(count - 6)).toBeLessThanOrEqual(groupSize / 2);
  });

  it('takes the smallest group where each is larger than what is wanted', () => {
    const split = cutCalibration(splitDataset(grouped(60, 15), 4), 0.2, 4);
    expectWholeGroups(split);
    expect(counts(split, 'calibration')).toEqual([15, 15]);
  });

  it('that cannot be divided are refused', () => {
    expectRefusal(() => splitDataset(grouped(6, 6), 1), '/data', 'two groups', 'would have no');
  });
});

describe('cutCalibration', () => {
  it.each([
    [100, 30, 0.2, [17, 3]],
    [40, 40, 0.25, [5, 5]],
    [4, 4, 0.01, [1, 1]],
    [4, 4, 0.9, [1, 1]],
  ])('of %i normal and %i abnormal images with share %f takes some of the training images', (n, a, share, expected) => {
    const split = splitDataset(dataset(n, a), 3);
    const cut = cutCalibration(split, share, 3);
    expect(counts(cut, 'calibration')).toEqual(expected);
    expect(files(cut, 'test')).toEqual(files(split, 'test'));
    expect([...files(cut, 'train'), ...files(cut, 'calibration')].sort()).toEqual(files(split, 'train').sort());
    expect(cutCalibration(split, share, 3)).toEqual(cut);
  });

  it('leaves a calibration part that the folder names, and takes nothing for share 0', () => {
    const split = splitDataset(dataset(9, 9), 3);
    expect(cutCalibration(split, 0, 3)).toBe(split);
    const cut = cutCalibration(split, 0.5, 3);
    expect(cutCalibration(cut, 0.2, 9)).toBe(cut);
  });

  it('refuses a class with one training image', () => {
    expectRefusal(() => cutCalibration(splitDataset(dataset(9, 2), 1), 0.2, 1), 'no abnormal', '--calibration-share 0');
  });
});

describe('writeSplit', () => {
  it('writes lists that give the same parts back', () => {
    for (const { file } of dataset(9, 6).images) put(path(file));
    const split = splitDataset(readDataset(path()), 11);
    writeSplit(path(), split);
    expect(readFileSync(path('test.txt'), 'utf8')).toBe(files(split, 'test').join('\n').concat('\n'));
    expect(readDataset(path())).toEqual(split);
    expect(applyLists(dataset(9, 6).images, readLists(path()), path()).map((i) => i.part)).toEqual(
      split.images.map((i) => i.part),
    );
  });

  it('writes a calibration part that lists give back too', () => {
    for (const { file } of dataset(9, 6).images) put(path(file));
    const cut = cutCalibration(splitDataset(readDataset(path()), 11), 0.4, 11);
    writeSplit(path(), cut);
    expect(readDataset(path())).toEqual(cut);
  });

  it('names a folder that cannot be written', () => {
    put(path('file'));
    expectRefusal(() => writeSplit(path('file', 'below'), dataset(1, 1)), path('file', 'below', 'train.txt'));
  });
});
