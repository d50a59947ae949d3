import sharp from 'sharp';
import { expect, it } from 'vitest';
import { tiffNumber } from '../../../src/data/images/tiff.ts';
import { makeTiff } from './make-tiff.ts';

const [WIDTH, COLOURS] = [256, 262];

const numberIn = (bytes: Uint8Array, tag: number) =>
  tiffNumber((start, length) => bytes.subarray(start, start + length), tag);

it('tells the numbers of a TIFF and of a BigTIFF', async () => {
  const small = makeTiff(5, 3, new Uint8Array(15));
  expect([WIDTH, COLOURS, 9999].map((tag) => numberIn(small, tag))).toEqual([5, 1, undefined]);
  const pixels = sharp(new Uint8Array(45), { raw: { width: 5, height: 3, channels: 3 } });
  const big = await pixels.tiff({ bigtiff: true, compression: 'none' }).toBuffer();
  expect(big.readUInt16LE(2)).toBe(43);
  expect([WIDTH, COLOURS].map((tag) => numberIn(big, tag))).toEqual([5, 2]);
});

it('tells nothing of one that is cut off', () => {
  const whole = makeTiff(5, 3, new Uint8Array(15));
  for (let length = 0; length < 30; length++) expect(numberIn(whole.subarray(0, length), COLOURS)).toBeUndefined();
});
