import { cellMeans } from '../images/cells.ts';
import type { DecodedImage } from '../images/decoded-image.ts';

import type { ImageRef, Part } from './dataset.ts';

/** Cells on each side of the grid whose gradients make a hash. */
const SIDE = 16;
const WORDS = (SIDE * SIDE) / 32;

/**
 * Bits of 256 in which two hashes may differ to count as of almost the same picture. Of seven public data sets split by the
 * thing photographed, six have no such pair across parts; series of one place or tile have many.
 */
const NEAR = 8;

/** More pairs tell nobody more. */
export const MOST_PAIRS = 1000;

/** An image of one part that looks almost the same as one of another part. */
interface NearDuplicate {
  a: { file: string; part: Part };
  b: { file: string; part: Part };
}

/**
 * A difference hash of 256 bits: the image in means of 17 × 16 cells of gray, and whether each is darker than its right
 * neighbour. It stays the same, but for a few bits, under scaling, recompression and small changes of brightness.
 *
 * Source: Krawetz, "Kind of Like That" (2013), with 16 × 16 instead of 8 × 8 bits.
 */
export function differenceHash(image: DecodedImage): Uint32Array {
  const columns = SIDE + 1;
  const means = cellMeans(image, columns, SIDE);
  const hash = new Uint32Array(WORDS);
  for (let bit = 0; bit < SIDE * SIDE; bit++) {
    const left = Math.floor(bit / SIDE) * columns + (bit % SIDE);
    if ((means[left] ?? 0) < (means[left + 1] ?? 0)) hash[bit >> 5] = (hash[bit >> 5] ?? 0) | (1 << (bit & 31));
  }
  return hash;
}

/**
 * Pairs of almost equal pictures in different parts: what is known of the one makes the other an easy test. Pictures
 * with little structure may look alike without showing one object, so this is reason for a look and no proof.
 *
 * @returns the first {@link MOST_PAIRS} of them, in the order of the images
 */
export function nearDuplicates(hashed: readonly { ref: ImageRef; hash: Uint32Array }[]): NearDuplicate[] {
  const found: NearDuplicate[] = [];
  const buckets = new Map<string, number[]>();
  for (const [i, { ref: a, hash }] of hashed.entries()) {
    const keys = bands(hash);
    const alike = new Set(keys.flatMap((key) => buckets.get(key) ?? []));
    for (const j of [...alike].sort((one, another) => one - another)) {
      const other = hashed[j];
      if (!other || !a.part || !other.ref.part || a.part === other.ref.part) continue;
      if (distance(hash, other.hash) > NEAR) continue;
      found.push({ a: { file: other.ref.file, part: other.ref.part }, b: { file: a.file, part: a.part } });
      if (found.length === MOST_PAIRS) return found;
    }
    for (const key of keys) {
      const bucket = buckets.get(key);
      if (bucket) bucket.push(i);
      else buckets.set(key, [i]);
    }
  }
  return found;
}

/**
 * The bits of a hash in one band more than may differ: of two hashes that are near, one band at least is the same, so that only
 * images that share one need be compared, and not all pairs.
 */
function bands(hash: Uint32Array): string[] {
  const bits = Array.from(hash, (word) => word.toString(2).padStart(32, '0')).join('');
  const length = Math.ceil(bits.length / (NEAR + 1));
  return Array.from({ length: NEAR + 1 }, (_, band) => `${band} ${bits.slice(band * length, (band + 1) * length)}`);
}

function distance(a: Uint32Array, b: Uint32Array): number {
  let bits = 0;
  for (let i = 0; i < WORDS && bits <= NEAR; i++) bits += ones((a[i] ?? 0) ^ (b[i] ?? 0));
  return bits;
}

/** Bits that are set in a word. Source: Warren, "Hacker's Delight", section 5-1. */
function ones(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
