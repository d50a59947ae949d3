import { deflateSync } from 'node:zlib';
import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { decodeBytes } from '../../../src/data/images/decode-bytes.ts';
import { encodePng, encodePngAsync } from '../../../src/data/images/png.ts';
import { expectRejection, isRead, randomNumbers } from '../support.ts';
import { assemble, header, makePng } from './make-png.ts';

const END = { type: 'IEND', content: new Uint8Array(0) };

/** A sample that differs between neighbours, channels and depths, and reaches both ends of its range. */
function pattern(depth: number): (x: number, y: number, channel: number) => number {
  const count = 2 ** depth;
  return (x, y, channel) => (x * 7 + y * 13 + channel * 29 + x * y * (depth === 16 ? 997 : 3) + count - 1) % count;
}

/** Fractions of a level are kept where the file has more than 8 bits. */
function levels(depth: number, values: readonly number[]): Uint8Array | Float32Array {
  return depth === 16 ? Float32Array.from(values) : Uint8Array.from(values);
}

describe('a PNG file', async () => {
  it.each([1, 2, 4, 8, 16] as const)('reads gray of %i bits, plain and interlaced, in odd sizes', async (depth) => {
    for (const interlaced of [false, true]) {
      for (const [width, height] of [
        [1, 1],
        [2, 3],
        [5, 4],
        [9, 17],
      ] as const) {
        const sample = pattern(depth);
        const png = makePng({ width, height, colorType: 0, depth, interlaced, sample });
        const expected = Array.from(
          { length: width * height },
          (_, i) => (sample(i % width, Math.floor(i / width), 0) * 255) / (2 ** depth - 1),
        );
        expect(await decodeBytes(png, 'a.png')).toEqual({
          width,
          height,
          channels: 1,
          pixels: levels(depth, expected),
        });
      }
    }
  });

  it.each([
    [2, 8, 3, 3],
    [2, 16, 3, 3],
    [4, 8, 1, 2],
    [4, 16, 1, 2],
    [6, 8, 3, 4],
    [6, 16, 3, 4],
  ] as const)(
    'reads colour type %i of %i bits and keeps the colour under any alpha',
    async (colorType, depth, channels, stored) => {
      for (const interlaced of [false, true]) {
        // Alpha 0 in the last channel: a composed colour would be lost.
        const colour = pattern(depth);
        const sample = (x: number, y: number, c: number) => (c === channels && stored > channels ? 0 : colour(x, y, c));
        const { pixels, ...size } = await decodeBytes(
          makePng({ width: 6, height: 5, colorType, depth, interlaced, sample }),
          'a.png',
        );
        expect(size).toEqual({ width: 6, height: 5, channels });
        const expected = Array.from({ length: 6 * 5 * channels }, (_, i) => {
          const pixel = Math.floor(i / channels);
          return (colour(pixel % 6, Math.floor(pixel / 6), i % channels) * 255) / (2 ** depth - 1);
        });
        expect(pixels).toEqual(levels(depth, expected));
      }
    },
  );

  it.each([1, 2, 4, 8] as const)(
    'reads a palette of %i bits and keeps the colour of transparent entries',
    async (depth) => {
      const entries = 2 ** depth;
      const palette = Array.from({ length: entries * 3 }, (_, i) => (i * 37 + 11) % 256);
      const transparent = { type: 'tRNS', content: new Uint8Array(entries) };
      const sample = pattern(depth);
      for (const interlaced of [false, true]) {
        const plan = {
          width: 7,
          height: 9,
          colorType: 3,
          depth,
          interlaced,
          palette,
          extra: [transparent],
          sample,
        } as const;
        const { pixels, channels } = await decodeBytes(makePng(plan), 'a.png');
        expect(channels).toBe(3);
        const expected = Array.from({ length: 63 * 3 }, (_, i) => {
          const pixel = Math.floor(i / 3);
          return palette[3 * sample(pixel % 7, Math.floor(pixel / 7), 0) + (i % 3)];
        });
        expect([...pixels]).toEqual(expected);
      }
    },
  );

  it.each([
    [1, 1],
    [7, 3],
    [401, 233],
  ])('is written with the same bytes at once and while other work goes on: %i × %i', async (width, height) => {
    for (const channels of [1, 3] as const) {
      const noise = Array.from({ length: width * height * channels }, () => Math.floor(Math.random() * 2 ** 16));
      for (const pixels of [Uint8Array.from(noise), Uint16Array.from(noise), new Uint8Array(noise.length)]) {
        const behind = await encodePngAsync(width, height, channels, pixels);
        expect(behind.equals(encodePng(width, height, channels, pixels))).toBe(true);
      }
    }
  });

  it('keeps the pixels of the transparent colour, ignores gamma and what follows the end', async () => {
    const extra = [
      { type: 'gAMA', content: Uint8Array.of(0, 0, 0x20, 0) },
      { type: 'tRNS', content: Uint8Array.of(0, 200) },
    ];
    const png = makePng({ width: 2, height: 1, colorType: 0, depth: 8, extra, sample: (x) => (x === 0 ? 200 : 10) });
    expect([...(await decodeBytes(Buffer.concat([png, Buffer.from('appended')]), 'a.png')).pixels]).toEqual([200, 10]);
  });

  it('refuses a file cut at any byte', async () => {
    const png = makePng({ width: 5, height: 4, colorType: 2, depth: 8, sample: pattern(8) });
    for (let length = 8; length < png.length; length++) {
      await expectRejection(
        () => decodeBytes(png.subarray(0, length), 'cut.png'),
        'cut.png',
        `${length} bytes`,
        'copy or export',
      );
    }
  });

  it('refuses a flipped bit anywhere after the signature', async () => {
    const png = makePng({ width: 5, height: 4, colorType: 0, depth: 8, sample: pattern(8) });
    for (let byte = 8; byte < png.length; byte++) {
      const flipped = Buffer.from(png);
      flipped[byte] = (flipped[byte] ?? 0) ^ 0x10;
      await expectRejection(() => decodeBytes(flipped, 'flipped.png'), 'flipped.png', 'damaged');
    }
    const badSum = Buffer.from(png);
    badSum[29] = (badSum[29] ?? 0) ^ 1;
    await expectRejection(() => decodeBytes(badSum, 'flipped.png'), 'checksum', 'IHDR');
  });

  it.each([
    [0, 4],
    [4, 0],
  ])('calls a header of %i × %i damaged, not large', async (width, height) => {
    const png = assemble([{ type: 'IHDR', content: header(width, height, 8, 2, 0) }, END]);
    await expectRejection(() => decodeBytes(png, 'none.png'), `${width} × ${height} pixels, which are none`, 'damaged');
  });

  it.each([
    [16385, 1],
    [1, 16385],
    [10001, 10000],
    [4294967295, 4294967295],
  ])('refuses a header of %i × %i', async (width, height) => {
    for (const interlace of [0, 1]) {
      const png = assemble([{ type: 'IHDR', content: header(width, height, 8, 2, interlace) }, END]);
      await expectRejection(() => decodeBytes(png, 'huge.png'), 'huge.png', `${width} × ${height}`, '16384');
    }
  });

  it('refuses pixels that cannot fill the header', async () => {
    for (const interlace of [0, 1]) {
      const png = assemble([
        { type: 'IHDR', content: header(3000, 3000, 16, 6, interlace) },
        { type: 'IDAT', content: deflateSync(Buffer.alloc(1000)) },
        END,
      ]);
      await expectRejection(() => decodeBytes(png, 'lying.png'), 'lying.png', 'damaged');
    }
  });

  it('reads one with surplus bytes among its pixels or behind them, or without their checksum, as viewers do', async () => {
    const [ihdr, rows] = [header(9, 7, 8, 0, 0), Buffer.from(Array.from({ length: 70 }, (_, i) => (i % 10 ? i : 0)))];
    const packed = deflateSync(rows);
    const expected = [...rows].filter((_, i) => i % 10);
    for (const content of [
      deflateSync(Buffer.concat([rows, Buffer.from([0])])),
      Buffer.concat([packed, Buffer.alloc(4)]),
      packed.subarray(0, -4),
      packed.subarray(0, -1),
    ]) {
      const png = assemble([{ type: 'IHDR', content: ihdr }, { type: 'IDAT', content }, END]);
      expect([...(await decodeBytes(png, 'surplus.png')).pixels]).toEqual(expected);
    }
    const cut = assemble([{ type: 'IHDR', content: ihdr }, { type: 'IDAT', content: packed.subarray(0, -12) }, END]);
    await expectRejection(() => decodeBytes(cut, 'cut.png'), 'cut.png', 'damaged');
  });

  it('refuses too few pixels and garbled ones', async () => {
    const withData = (content: Uint8Array, interlace: number) =>
      assemble([{ type: 'IHDR', content: header(9, 9, 8, 0, interlace) }, { type: 'IDAT', content }, END]);
    for (const interlace of [0, 1]) {
      await expectRejection(
        () => decodeBytes(withData(deflateSync(Buffer.alloc(40)), interlace), 'few.png'),
        'few.png',
      );
      await expectRejection(
        () => decodeBytes(withData(Buffer.alloc(90, 0x55), interlace), 'garbled.png'),
        'garbled.png',
      );
      await expectRejection(() => decodeBytes(withData(new Uint8Array(0), interlace), 'none.png'), 'none.png');
    }
  });

  it('refuses colour types and depths that PNG does not have, and pixels without their palette', async () => {
    for (const [depth, colorType] of [
      [3, 0],
      [4, 2],
      [16, 3],
      [8, 5],
      [0, 0],
      [32, 0],
    ] as const) {
      const png = assemble([{ type: 'IHDR', content: header(2, 2, depth, colorType, 0) }, END]);
      await expectRejection(() => decodeBytes(png, 'odd.png'), 'odd.png', 'damaged');
    }
    const none = { width: 2, height: 1, colorType: 3, depth: 8, sample: () => 1 } as const;
    await expectRejection(() => decodeBytes(makePng(none), 'none.png'), 'none.png');
  });

  it('survives random headers and data with right checksums', async () => {
    const random = randomNumbers(5);
    const below = (count: number) => Math.floor(random() * count);
    let read = 0;
    for (let round = 0; round < 2000; round++) {
      const [width, height, depth] = [1 + below(12), 1 + below(12), [1, 2, 4, 8, 16][below(5)] ?? 8];
      // Half of them have as many bytes as a gray image of this size needs.
      const length = below(2) ? height * (1 + Math.ceil((width * depth) / 8)) : below(400);
      const data = deflateSync(Buffer.from(Array.from({ length }, () => below(5))));
      if (below(4) === 0) data[below(data.length)] = below(256);
      const ihdr = header(width, height, depth, below(2) ? 0 : below(7), below(3));
      const palette = { type: 'PLTE', content: Uint8Array.from({ length: below(20) }, () => below(256)) };
      const chunks = [
        { type: 'IHDR', content: ihdr },
        ...(below(2) ? [palette] : []),
        { type: 'IDAT', content: data },
        END,
      ];
      if (await isRead(() => decodeBytes(assemble(chunks), 'random.png'))) read++;
    }
    expect(read).toBeGreaterThan(20);
    expect(read).toBeLessThan(1900);
  });
});

describe('encodePng', async () => {
  it.each([1, 3] as const)('stores %i channels without loss, also from the middle of a buffer', async (channels) => {
    const memory = Uint8Array.from({ length: 7 * 5 * channels + 11 }, (_, i) => (i * 83) % 256);
    const pixels = memory.subarray(11);
    const file = encodePng(7, 5, channels, pixels);
    expect(await decodeBytes(file, 'a.png')).toEqual({
      width: 7,
      height: 5,
      channels,
      pixels: Uint8Array.from(pixels),
    });
    expect(file[25]).toBe(channels === 1 ? 0 : 2);
    expect(PNG.sync.read(file).data[4 * 8]).toBe(pixels[channels * 8]);
    expect(encodePng(7, 5, channels, pixels).equals(file)).toBe(true);
  });
});
