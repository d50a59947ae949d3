import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../../src/data/images/decode.ts';
import { decodeBytes } from '../../../src/data/images/decode-bytes.ts';
import type { DecodedImage } from '../../../src/data/images/decoded-image.ts';
import { encodeJpeg } from '../../../src/data/images/jpeg.ts';
import { jpegScans } from '../../../src/data/images/jpeg-scans.ts';
import { expectRejection, isRead, randomNumbers } from '../support.ts';

const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
const load = (name: string) => readFileSync(fixture(name));

function differences(a: DecodedImage, b: DecodedImage): { mean: number; max: number } {
  expect({ ...a, pixels: a.pixels.length }).toEqual({ ...b, pixels: b.pixels.length });
  const all = Array.from(a.pixels, (value, i) => Math.abs(value - (b.pixels[i] ?? 0)));
  return { mean: all.reduce((sum, value) => sum + value, 0) / all.length, max: Math.max(...all) };
}

describe('a JPEG file', async () => {
  it.each([
    ['gray', 1, 0.2, 1],
    ['baseline', 3, 0.2, 1],
    ['progressive', 3, 0.2, 1],
    ['restart', 3, 0.2, 1],
    ['rgb-adobe', 3, 0.2, 1],
    ['subsampled', 3, 0.2, 1],
  ] as const)('reads %s.jpg like libjpeg', async (name, channels, mean, max) => {
    const image = await decodeImage(fixture(`${name}.jpg`));
    expect(image.channels).toBe(channels);
    const off = differences(image, await decodeImage(fixture(`${name}.expected.png`)));
    expect(off.mean).toBeLessThanOrEqual(mean);
    expect(off.max).toBeLessThanOrEqual(max);
  });

  it('refuses a file cut at any byte', async () => {
    for (const name of ['gray.jpg', 'progressive.jpg']) {
      const bytes = load(name);
      for (let length = 3; length < bytes.length; length++) {
        await expectRejection(() => decodeBytes(bytes.subarray(0, length), 'cut.jpg'), 'cut.jpg', 'damaged');
      }
    }
  });

  it('reads one with bytes to spare before its end mark, as cameras leave them', async () => {
    for (const name of ['gray', 'progressive']) {
      const bytes = load(`${name}.jpg`);
      const spare = Buffer.concat([bytes.subarray(0, -2), Buffer.from([0x12, 0x34, 0x56]), bytes.subarray(-2)]);
      expect(await decodeBytes(spare, 'spare.jpg')).toEqual(await decodeImage(fixture(`${name}.jpg`)));
    }
  });

  it('refuses one that goes over its pixels again and again, and counts no other', async () => {
    const progressive = load('progressive.jpg');
    const last = progressive.lastIndexOf(Buffer.from([0xff, 0xda]));
    const scan = progressive.subarray(last, -2);
    const scans = jpegScans(progressive);
    expect([scans, jpegScans(load('baseline.jpg')), jpegScans(load('restart.jpg'))]).toEqual([10, 1, 1]);
    const repeated = Buffer.concat([
      progressive.subarray(0, -2),
      ...Array.from({ length: 101 - scans }, () => scan),
      progressive.subarray(-2),
    ]);
    await expectRejection(() => decodeBytes(repeated, 'again.jpg'), 'again.jpg', '101 times', 'at most 100');
    // A small picture in a segment of its own, as Exif has one.
    const inside = Buffer.concat(Array.from({ length: 200 }, () => Buffer.from([0xff, 0xda, 0, 2])));
    const segment = Buffer.concat([
      Buffer.from([0xff, 0xe1, (inside.length + 2) >> 8, (inside.length + 2) & 255]),
      inside,
    ]);
    const carrying = Buffer.concat([progressive.subarray(0, 2), segment, progressive.subarray(2)]);
    expect(await decodeBytes(carrying, 'exif.jpg')).toEqual(await decodeBytes(progressive, 'plain.jpg'));
  });

  it('reads CMYK as RGB, and refuses kinds of coding that libjpeg does not know', async () => {
    expect(await decodeImage(fixture('cmyk.jpg'))).toMatchObject({ channels: 3 });
    const lossless = load('baseline.jpg');
    lossless[lossless.indexOf(Buffer.from([0xff, 0xc0])) + 1] = 0xc3;
    await expectRejection(() => decodeBytes(lossless, 'lossless.jpg'), 'lossless.jpg', 'not read');
  });

  it('refuses an empty and a huge size from the header, and one that the file cannot hold', async () => {
    for (const [height, width] of [
      [0, 24],
      [18, 0],
      [65535, 65535],
      [3000, 3000],
    ] as const) {
      const bytes = load('gray.jpg');
      const frame = bytes.indexOf(Buffer.from([0xff, 0xc0]));
      bytes.writeUInt16BE(height, frame + 5);
      bytes.writeUInt16BE(width, frame + 7);
      await expectRejection(() => decodeBytes(bytes, 'size.jpg'), 'size.jpg');
    }
  });

  it('survives random damage', async () => {
    const random = randomNumbers(9);
    let read = 0;
    for (let round = 0; round < 600; round++) {
      const bytes = load(round % 2 ? 'gray.jpg' : 'progressive.jpg');
      for (let i = 0; i < 3; i++) bytes[3 + Math.floor(random() * (bytes.length - 3))] = Math.floor(random() * 256);
      if (await isRead(() => decodeBytes(bytes, 'random.jpg'))) read++;
    }
    expect(read).toBeGreaterThan(50);
    expect(read).toBeLessThan(550);
  });
});

describe('encodeJpeg', async () => {
  it.each([
    [1, 1, 3],
    [13, 7, 3],
    [7, 33, 1],
    [65, 129, 1],
  ] as const)('%s × %s of %s channels come back nearly as they were', async (width, height, channels) => {
    const pixels = Uint8Array.from({ length: width * height * channels }, (_, i) => {
      const [x, y] = [Math.floor(i / channels) % width, Math.floor(i / channels / width)];
      return 128 + 70 * Math.sin(0.15 * x + 0.1 * y + (i % channels)) + 10 * (Math.random() - 0.5);
    });
    const back = await decodeBytes(await encodeJpeg({ width, height, channels, pixels }, 100), 'x');
    expect([back.width, back.height]).toEqual([width, height]);
    const each = back.channels / channels;
    const worst = Math.max(...back.pixels.map((value, i) => Math.abs(value - (pixels[Math.floor(i / each)] ?? 0))));
    // Rounded as they are and as frequencies, gray levels are off by 0.4, a standard deviation, and of colours blue by 1, most of it 1.77 Cb.
    expect(worst).toBeLessThanOrEqual(channels === 1 ? 3 : 6);
  });
});
