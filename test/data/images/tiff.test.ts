import sharp, { type TiffOptions } from 'sharp';
import { expect, it } from 'vitest';
import { decodeImage, openImage } from '../../../src/data/images/decode.ts';
import { missingOfTiff, tiffNumbers } from '../../../src/data/images/tiff.ts';
import { expectRejection, put, useTemporaryFolder } from '../support.ts';
import { changeTiff, makeTiff } from './make-tiff.ts';

const path = useTemporaryFolder();
const [WIDTH, HEIGHT, COLOURS] = [256, 257, 262];
const [STRIPS, STRIP_BYTES, TILES, TILE_BYTES] = [273, 279, 324, 325];

const SIDE = 64;
const pixels = Uint8Array.from({ length: 3 * SIDE * SIDE }, (_, i) => (i * 7) % 256);
const tiff = (options: TiffOptions) =>
  sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 3 } })
    .tiff(options)
    .toBuffer();
/** Of four tiles. */
const tiled = (options: TiffOptions = {}) =>
  tiff({ compression: 'deflate', tile: true, tileWidth: 32, tileHeight: 32, ...options });

const reading = (bytes: Uint8Array) => (start: number, length: number) => bytes.subarray(start, start + length);
const numberIn = (bytes: Uint8Array, tag: number) => tiffNumbers(reading(bytes), [tag])[0];
const missingIn = (bytes: Uint8Array) => missingOfTiff(reading(bytes), bytes.length);

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

it('misses nothing of a whole file, in strips and in tiles', async () => {
  const kinds = [{}, { compression: 'none' }, { compression: 'lzw' }, { compression: 'none', bigtiff: true }] as const;
  for (const kind of kinds)
    for (const file of [await tiff(kind), await tiled(kind)]) expect(missingIn(file)).toBeNull();
});

it('says what is missing of tiles and strips', async () => {
  const [tiles, strip] = [await tiled(), await tiff({ compression: 'lzw' })];
  const larger = (file: Buffer) => changeTiff(changeTiff(file, WIDTH, { value: 9_999 }), HEIGHT, { value: 9_999 });
  expect(missingIn(larger(tiles))).toBe('it announces 9999 × 9999 pixels and holds 4 of their 97969 tiles');
  expect(missingIn(larger(strip))).toMatch(/^it announces 9999 × 9999 pixels and holds 1 of their \d+ strips$/);
  expect(missingIn(changeTiff(tiles, TILES, { count: 3 }))).toMatch(/holds 3 of their 4 tiles/);
  expect(missingIn(changeTiff(tiles, TILE_BYTES, { count: 3 }))).toMatch(/the length of 3 of its 4 tiles/);
  expect(missingIn(changeTiff(tiles, TILE_BYTES, { at: 2, value: 0 }))).toBe('tile 3 of 4 has no bytes');
  for (const value of [0, tiles.length - 5, tiles.length + 5])
    expect(missingIn(changeTiff(tiles, TILES, { at: 3, value }))).toMatch(`tile 4 of 4 lies from byte ${value} to `);
  expect(missingIn(changeTiff(strip, STRIPS, { value: strip.length - 5 }))).toMatch(/^strip 1 of 1 lies from byte/);
  expect(missingIn(changeTiff(tiles, WIDTH, { value: 0 }))).toBe('it has no pixels');
  for (const share of [0.1, 0.5, 0.9])
    expect(missingIn(tiles.subarray(0, share * tiles.length))).toMatch(/^it ends after \d+ bytes, before the tables/);
});

it('counts the tiles of a BigTIFF too', async () => {
  const big = await tiled({ bigtiff: true });
  // The first tag of the directory is the width, and its value stands in the entry itself.
  big.writeUInt16LE(9_999, Number(big.readBigUInt64LE(8)) + 8 + 12);
  expect(missingIn(big)).toBe('it announces 9999 × 64 pixels and holds 4 of their 626 tiles');
});

it('refuses a file that lacks a tile, whole or part by part, and one whose tile is damaged', async () => {
  const whole = await tiled();
  const larger = changeTiff(changeTiff(whole, WIDTH, { value: 20_000 }), HEIGHT, { value: 20_000 });
  const file = put(path('larger.tif'), larger);
  await expectRejection(() => decodeImage(file), 'larger.tif', 'holds 4 of their 390625 tiles');
  await expectRejection(() => openImage(file, 'full'), 'larger.tif', 'holds 4 of their 390625 tiles');
  for (const compression of ['deflate', 'lzw'] as const) {
    const damaged = await tiled({ compression });
    damaged.fill(0xa5, 20, 60);
    await expectRejection(() => decodeImage(put(path('damaged.tif'), damaged)), 'damaged.tif', 'damaged TIFF');
  }
});

it('reads strips whose length is not told as it is, which the decoder reckons', async () => {
  for (const compression of ['none', 'deflate'] as const) {
    const file = changeTiff(await tiff({ compression }), STRIP_BYTES, { value: 0 });
    expect((await decodeImage(put(path('zero.tif'), file))).pixels).toEqual(pixels);
  }
});
