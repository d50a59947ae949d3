import { readFileSync, writeFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { decodeImage, openImage } from '../../../src/data/images/decode.ts';
import type { LargeImage } from '../../../src/data/images/decoded-image.ts';
import { encodePng } from '../../../src/data/images/png.ts';
import { temporaryFolder } from '../../cli/support.ts';
import { expectRejection } from '../support.ts';
import { makeTiff } from './make-tiff.ts';

/** Wider than what is decoded at once. */
const [WIDTH, HEIGHT] = [16_500, 24];
const folder = temporaryFolder();
const path = folder.path('slide.png');
const pixels = Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, () => Math.floor(256 * Math.random()));

beforeAll(() => writeFileSync(path, encodePng(WIDTH, HEIGHT, 3, pixels)));
afterAll(() => folder.remove());

async function opened(file: string, range: Parameters<typeof openImage>[1] = 'full'): Promise<LargeImage> {
  const image = await openImage(file, range);
  if (!('rows' in image)) throw new Error('It was decoded at once.');
  return image;
}

it('is read strip by strip, in any order', async () => {
  const image = await opened(path);
  expect([image.width, image.height]).toEqual([WIDTH, HEIGHT]);
  for (const [top, rows] of [
    [0, 8],
    [16, 8],
    [5, 19],
    [5, 19],
  ] as const) {
    const strip = await image.rows(top, rows);
    expect([strip.width, strip.height, strip.channels]).toEqual([WIDTH, rows, 3]);
    const expected = pixels.subarray(3 * WIDTH * top, 3 * WIDTH * (top + rows));
    expect(Buffer.from(strip.pixels).equals(expected)).toBe(true);
  }
  // One that can be decoded at once is.
  const small = folder.path('small.png');
  writeFileSync(small, encodePng(2, 1, 1, Uint8Array.of(7, 9)));
  expect(await openImage(small, 'full')).toEqual(await decodeImage(small));
});

it('keeps its depth, and a strip may lie beyond the range', async () => {
  const deep = folder.path('deep.png');
  const levels = Uint16Array.from({ length: WIDTH * 4 }, (_, i) => (i < WIDTH ? 10 : 1000 + (i % 3000)));
  await sharp(levels, { raw: { width: WIDTH, height: 4, channels: 1 } })
    .toColourspace('grey16')
    .png()
    .toFile(deep);
  const image = await opened(deep, { min: 1000, max: 4000 });
  expect(new Set((await image.rows(0, 1)).pixels)).toEqual(new Set([0]));
  const { pixels: second } = await image.rows(1, 1);
  for (const i of [0, 5, 2999]) expect(second[i]).toBeCloseTo((255 * ((WIDTH + i) % 3000)) / 3000, 3);
});

it('says what is wrong with a file', async () => {
  await expectRejection(() => decodeImage(path), '16500 × 24', '--tile');
  const cut = folder.path('cut.png');
  writeFileSync(cut, readFileSync(path).subarray(0, 600_000));
  const image = await opened(cut);
  await expectRejection(() => image.rows(20, 4), 'cut.png', 'damaged');
  const jpeg = await sharp(pixels, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } })
    .jpeg()
    .toBuffer();
  const stray = folder.path('stray.jpg');
  const middle = Math.floor(jpeg.length / 2);
  // A marker that no file may have: what the bytes around it are by chance, it ends the data early.
  jpeg.set([0xff, 0xf5], middle);
  writeFileSync(stray, jpeg);
  const smeared = await opened(stray);
  await expectRejection(() => smeared.rows(0, HEIGHT), 'stray.jpg', 'damaged JPEG');
  const animated = folder.path('animated.png');
  const still = readFileSync(path);
  const control = Buffer.alloc(20);
  control.writeUInt32BE(8, 0);
  control.write('acTL', 4, 'latin1');
  control.writeUInt32BE(3, 8);
  control.writeUInt32BE(crc32(control.subarray(4, 16)), 16);
  writeFileSync(animated, Buffer.concat([still.subarray(0, 33), control, still.subarray(33)]));
  await expectRejection(() => openImage(animated, 'full'), 'animated.png', '3 frames');
  const turned = folder.path('turned.jpg');
  await sharp(pixels, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } })
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toFile(turned);
  await expectRejection(() => openImage(turned, 'full'), 'turned.jpg', 'Exif');
});

it('takes no more memory than images that are decoded at once, however wide it is', async () => {
  const path = folder.path('wide.png');
  // A header alone: nothing of it may be decoded.
  const announced = (width: number) => {
    writeFileSync(path, encodePng(1, 1, 3, Uint8Array.of(1, 2, 3)));
    const file = readFileSync(path);
    file.writeUInt32BE(width, 16);
    file.writeUInt32BE(crc32(file.subarray(12, 29)), 29);
    writeFileSync(path, file);
  };
  announced(2 ** 20 + 1);
  await expectRejection(() => openImage(path, 'full'), 'wide.png', '1048577 × 1', '1048576 on each side');
  announced(1_000_000);
  const image = await opened(path);
  await expectRejection(() => image.rows(0, 1024), 'wide.png', '1024 rows', '2929.7 MiB');
});

it('is a TIFF file whose directory lies behind its pixels, and is looked for there', async () => {
  const kind = (photometric: number) => makeTiff(WIDTH, HEIGHT, pixels, { channels: 3, photometric });
  const file = folder.path('slide.tif');
  writeFileSync(file, kind(2));
  const { pixels: row } = await (await opened(file)).rows(7, 1);
  expect(Buffer.from(row).equals(pixels.subarray(3 * WIDTH * 7, 3 * WIDTH * 8))).toBe(true);
  writeFileSync(file, kind(6));
  await expectRejection(() => openImage(file, 'full'), 'slide.tif', 'its colours are YCbCr');
});
