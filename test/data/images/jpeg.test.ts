import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../../src/data/images/decode.ts';
import type { DecodedImage } from '../../../src/data/images/decoded-image.ts';
import { decodeJpeg, encodeJpeg } from '../../../src/data/images/jpeg.ts';
import { expectRefusal, randomNumbers, survives } from '../support.ts';

const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
const load = (name: string) => readFileSync(fixture(name));

function differences(a: DecodedImage, b: DecodedImage): { mean: number; max: number } {
  expect({ ...a, pixels: a.pixels.length }).toEqual({ ...b, pixels: b.pixels.length });
  const all = Array.from(a.pixels, (value, i) => Math.abs(value - (b.pixels[i] ?? 0)));
  return { mean: all.reduce((sum, value) => sum + value, 0) / all.length, max: Math.max(...all) };
}

describe('decodeJpeg', () => {
  it.each([
    ['gray', 1, 0.2, 1],
    ['baseline', 3, 1, 4],
    ['progressive', 3, 1, 4],
    ['restart', 3, 1, 4],
    ['rgb-adobe', 3, 0.2, 1],
    // Chroma is repeated here and smoothed by the oracle.
    ['subsampled', 3, 6, 32],
  ] as const)('reads %s.jpg like libjpeg', (name, channels, mean, max) => {
    const image = decodeImage(fixture(`${name}.jpg`));
    expect(image.channels).toBe(channels);
    const off = differences(image, decodeImage(fixture(`${name}.expected.png`)));
    expect(off.mean).toBeLessThanOrEqual(mean);
    expect(off.max).toBeLessThanOrEqual(max);
  });

  it('refuses a file cut at any byte', () => {
    for (const name of ['gray.jpg', 'progressive.jpg']) {
      const bytes = load(name);
      for (let length = 3; length < bytes.length; length++) {
        expectRefusal(() => decodeJpeg(bytes.subarray(0, length), 'cut.jpg'), 'cut.jpg', `${length} bytes`);
      }
    }
  });

  it('refuses CMYK and kinds of coding that it does not know', () => {
    expectRefusal(() => decodeImage(fixture('cmyk.jpg')), 'cmyk.jpg', '4 components', 'Save it');
    const lossless = load('baseline.jpg');
    lossless[lossless.indexOf(Buffer.from([0xff, 0xc0])) + 1] = 0xc3;
    expectRefusal(() => decodeJpeg(lossless, 'lossless.jpg'), 'lossless.jpg', 'SOF3');
  });

  it('refuses an empty and a huge size from the header', () => {
    for (const [height, width] of [
      [0, 24],
      [18, 0],
      [65535, 65535],
    ] as const) {
      const bytes = load('gray.jpg');
      const frame = bytes.indexOf(Buffer.from([0xff, 0xc0]));
      bytes.writeUInt16BE(height, frame + 5);
      bytes.writeUInt16BE(width, frame + 7);
      expectRefusal(() => decodeJpeg(bytes, 'size.jpg'), 'size.jpg', `${width} × ${height}`);
    }
  });

  it('refuses sizes that the file cannot hold and that would take too much memory, without taking it', () => {
    const sized = (width: number, height: number, padding: number) => {
      const bytes = Buffer.concat([load('baseline.jpg'), Buffer.alloc(padding)]);
      const frame = bytes.indexOf(Buffer.from([0xff, 0xc0]));
      bytes.writeUInt16BE(height, frame + 5);
      bytes.writeUInt16BE(width, frame + 7);
      return () => decodeJpeg(bytes, 'large.jpg');
    };
    const before = process.memoryUsage();
    expectRefusal(sized(6000, 8000, 0), 'large.jpg', 'cannot hold 6000 × 8000');
    expectRefusal(sized(8001, 6000, 1e6), 'large.jpg', '8001 × 6000', '48 million', 'PNG');
    expect(process.memoryUsage().rss - before.rss).toBeLessThan(2 ** 26);
  });

  it('survives random damage', () => {
    const random = randomNumbers(9);
    let read = 0;
    for (let round = 0; round < 600; round++) {
      const bytes = load(round % 2 ? 'gray.jpg' : 'progressive.jpg');
      for (let i = 0; i < 3; i++) bytes[3 + Math.floor(random() * (bytes.length - 3))] = Math.floor(random() * 256);
      if (survives(() => decodeJpeg(bytes, 'random.jpg'))) read++;
    }
    expect(read).toBeGreaterThan(50);
    expect(read).toBeLessThan(550);
  });
});

describe('encodeJpeg', () => {
  it.each([
    [1, 1, 3],
    [13, 7, 3],
    [7, 33, 1],
    [65, 129, 1],
  ] as const)('%s × %s of %s channels come back nearly as they were', (width, height, channels) => {
    const pixels = Uint8Array.from({ length: width * height * channels }, (_, i) => {
      const [x, y] = [Math.floor(i / channels) % width, Math.floor(i / channels / width)];
      return 128 + 70 * Math.sin(0.15 * x + 0.1 * y + (i % channels)) + 10 * (Math.random() - 0.5);
    });
    const back = decodeJpeg(encodeJpeg({ width, height, channels, pixels }, 100), 'x');
    expect([back.width, back.height]).toEqual([width, height]);
    const each = back.channels / channels;
    const worst = Math.max(...back.pixels.map((value, i) => Math.abs(value - (pixels[Math.floor(i / each)] ?? 0))));
    expect(worst).toBeLessThanOrEqual(4);
  });
});
