import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { ImageRef, Part } from '../../../src/data/datasets/dataset.ts';
import { differenceHash, MOST_PAIRS, nearDuplicates } from '../../../src/data/datasets/near-duplicates.ts';
import { decodeImage } from '../../../src/data/images/decode.ts';
import type { DecodedImage } from '../../../src/data/images/decoded-image.ts';
import { randomNumbers } from '../support.ts';

const photograph = (name: string) =>
  decodeImage(fileURLToPath(new URL(`../../../data/bsdata_pitting/normal/${name}`, import.meta.url)));
const one = await photograph('bsd_277500_315_200828110014.png');
const other = await photograph('bsd_397500_315_200828195825.png');

/** The same picture half as large, or with its values changed. */
function changed(image: DecodedImage, step: number, value: (old: number) => number): DecodedImage {
  const [width, height] = [image.width / step, image.height / step];
  const pixels = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    return value(image.pixels[(y * step * image.width + x * step) * 3 + (i % 3)] ?? 0);
  });
  return { width, height, channels: image.channels, pixels };
}

const entry = (file: string, part: Part, image: DecodedImage): { ref: ImageRef; hash: Uint32Array } => ({
  ref: { path: file, file, label: 'normal', part },
  hash: differenceHash(image),
});

describe('nearDuplicates', () => {
  it('finds a picture again that is brighter or noisy, in another part alone', () => {
    const brighter = changed(one, 1, (old) => Math.min(255, old * 1.1 + 5));
    const found = nearDuplicates([
      entry('a', 'train', one),
      entry('b', 'train', one),
      entry('c', 'test', brighter),
      entry('d', 'calibration', other),
    ]);
    expect(found.map(({ a, b }) => `${a.file} ${a.part}, ${b.file} ${b.part}`)).toEqual([
      'a train, c test',
      'b train, c test',
    ]);
  });

  it('finds the pairs that comparing all of them finds, however the bits lie that differ', () => {
    const random = randomNumbers(4);
    const parts = ['train', 'calibration', 'test'] as const;
    const centres = Array.from({ length: 12 }, () => Uint32Array.from({ length: 8 }, () => random() * 2 ** 32));
    const hashed = Array.from({ length: 400 }, (_, i) => {
      const hash = Uint32Array.from(centres[i % centres.length] ?? []);
      for (let flips = Math.floor(random() * 9); flips > 0; flips--) {
        const bit = Math.floor(random() * 256);
        hash[bit >> 5] = (hash[bit >> 5] ?? 0) ^ (1 << (bit & 31));
      }
      const part = parts[Math.floor(random() * 3)] ?? 'train';
      return { ref: { path: `${i}`, file: `${i}`, label: 'normal', part } as ImageRef, hash };
    });
    const ones = (word: number) => word.toString(2).replaceAll('0', '').length;
    const expected = hashed.flatMap(({ ref: b, hash }, i) =>
      hashed.slice(0, i).flatMap(({ ref: a, hash: other }) => {
        const apart = hash.reduce((sum, word, k) => sum + ones((word ^ (other[k] ?? 0)) >>> 0), 0);
        return a.part !== b.part && apart <= 8 ? `${a.file} ${b.file}` : [];
      }),
    );
    const found = nearDuplicates(hashed).map(({ a, b }) => `${a.file} ${b.file}`);
    expect(expected.length).toBeGreaterThan(1000);
    expect(found).toEqual(expected.slice(0, MOST_PAIRS));
  });

  it('hashes images with fewer pixels than cells', () => {
    const tiny: DecodedImage = { width: 3, height: 1, channels: 1, pixels: Uint8Array.of(1, 2, 3) };
    expect(differenceHash(tiny)).toHaveLength(8);
  });
});
