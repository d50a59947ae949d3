import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { toChannels } from '../../../src/data/images/channels.ts';
import { decodeImage, readImage, readImageHeader } from '../../../src/data/images/decode.ts';
import { imageKind } from '../../../src/data/images/formats.ts';
import { expectRejection, put, useTemporaryFolder } from '../support.ts';
import { makePng } from './make-png.ts';
import { makeTiff } from './make-tiff.ts';

const path = useTemporaryFolder();
const [width, height] = [23, 17];
const colour = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 7 + Math.floor(i / 69) * 13) % 256);
const gray = Uint8Array.from({ length: width * height }, (_, i) => (i * 11) % 256);
const ofColour = () => sharp(colour, { raw: { width, height, channels: 3 } });
const ofGray = () => sharp(gray, { raw: { width, height, channels: 1 } }).toColourspace('b-w');

/** The largest |a − b|. */
function offBy(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)));
}

describe('formats', () => {
  it.each([
    ['a.png', () => ofColour().png()],
    ['a.webp', () => ofColour().webp({ lossless: true })],
    ['a.tif', () => ofColour().tiff({ compression: 'lzw' })],
    ['a.tiff', () => ofColour().tiff({ compression: 'deflate', tile: true })],
    ['a.gif', () => ofColour().gif({ colours: 256, dither: 0 })],
  ])('reads %s with the pixels that it was made of', async (name, make) => {
    const file = put(path(name), await make().toBuffer());
    const { pixels, ...size } = await decodeImage(file);
    expect(size).toEqual({ width, height, channels: 3 });
    if (name.endsWith('gif')) expect(offBy(pixels, colour)).toBeLessThan(80);
    else expect(pixels).toEqual(colour);
    expect(await readImageHeader(file)).toMatchObject({ width, height, bits: 8 });
    expect(imageKind(name)).toBe('read');
  });

  it.each([
    ['a.jpg', () => ofColour().jpeg({ quality: 100, chromaSubsampling: '4:4:4' })],
    ['a.avif', () => ofColour().avif({ quality: 100, chromaSubsampling: '4:4:4' })],
  ])('reads %s nearly so', async (name, make) => {
    const { pixels } = await decodeImage(put(path(name), await make().toBuffer()));
    expect(offBy(pixels, colour)).toBeLessThan(12);
  });

  it('keeps gray as one channel, and drops alpha but not what it hides', async () => {
    expect(await decodeImage(put(path('g.png'), await ofGray().png().toBuffer()))).toEqual({
      ...{ width, height, channels: 1, pixels: gray },
    });
    const hidden = await ofColour().ensureAlpha(0).webp({ lossless: true, exact: true }).toBuffer();
    expect((await decodeImage(put(path('hidden.webp'), hidden))).pixels).toEqual(colour);
  });

  it.each([1, 4, 8, 24, 32] as const)(
    'reads BMP of %i bits, from the bottom up and from the top down',
    async (bits) => {
      for (const topDown of [false, true]) {
        const { file, expected } = makeBmp(bits, topDown);
        const image = await decodeImage(put(path('a.bmp'), file));
        expect(image).toEqual({ width: bits === 4 ? 6 : 5, height: 3, channels: 3, pixels: expected });
      }
      const { file } = makeBmp(bits, false);
      const reason = `it has ${file.length - 9} bytes, and `;
      await expectRejection(() => decodeImage(put(path('cut.bmp'), file.subarray(0, -9))), 'damaged BMP', reason);
    },
  );

  it('refuses BMP whose pixels or palette lie beyond its end', async () => {
    const { file } = makeBmp(24, false);
    const [farAway, ofPalette] = [Buffer.from(file), Buffer.from(file)];
    farAway.writeUInt32LE(0xffffffff, 10);
    ofPalette.writeUInt16LE(8, 28);
    for (const lying of [farAway, ofPalette])
      await expectRejection(() => decodeImage(put(path('lying.bmp'), lying)), `it has ${file.length} bytes, and `);
  });

  it('reads BMP whose pixels begin anywhere behind the header, and with a palette that it does not need', async () => {
    const { file, expected } = makeBmp(24, false);
    const gap = Buffer.concat([file.subarray(0, 54), Buffer.alloc(20, 99), file.subarray(54)]);
    gap.writeUInt32LE(74, 10);
    gap.writeUInt32LE(3, 46);
    expect([...(await decodeImage(put(path('gap.bmp'), gap))).pixels]).toEqual([...expected]);
  });

  it.each([
    ['of five bits', null, 31, 40],
    ['of five bits, of a header with room for masks', null, 31, 108],
    ['of five and six bits, by masks', [0xf800, 0x7e0, 0x1f], 31 + 2 ** 11, 40],
  ] as const)('reads samples %s as 0 to 255', async (_, masks, first, headerBytes) => {
    const head = Buffer.alloc(14 + headerBytes + (masks ? 12 : 0));
    head.write('BM');
    head.writeUInt32LE(head.length, 10);
    head.writeUInt32LE(headerBytes, 14);
    head.writeInt32LE(2, 18);
    head.writeInt32LE(1, 22);
    head.writeUInt16LE(16, 28);
    head.writeUInt32LE(masks ? 3 : 0, 30);
    for (const [i, mask] of (masks ?? []).entries()) head.writeUInt32LE(mask, 54 + 4 * i);
    const row = Buffer.alloc(4);
    row.writeUInt16LE(first, 0);
    row.writeUInt16LE(1, 2);
    const { pixels } = await decodeImage(put(path('a.bmp'), Buffer.concat([head, row])));
    expect([...pixels]).toEqual([masks ? 8 : 0, 0, 255, 0, 0, 8]);
  });

  it.each([
    ['run lengths', 30, 1, 'compressed'],
    ['OS/2', 14, 12, 'OS/2'],
    ['64 bits a pixel', 28, 64, '64 bits a pixel'],
  ])('refuses BMP of a kind that it would read wrongly: %s', async (_, at, value, reason) => {
    const { file } = makeBmp(8, false);
    file.writeUInt16LE(value, at);
    await expectRejection(() => decodeImage(put(path('kind.bmp'), file)), 'kind.bmp', reason, 'Save it as PNG');
  });

  it('refuses several pages and frames, and says how many', async () => {
    const frames = sharp([await ofColour().png().toBuffer(), await ofColour().negate().png().toBuffer()], {
      join: { animated: true },
    });
    const animation = { type: 'acTL', content: Uint8Array.of(0, 0, 0, 2, 0, 0, 0, 0) };
    const plan = { width, height, colorType: 0, depth: 8, sample: () => 7, extra: [animation] } as const;
    for (const [name, file] of [
      ['two.png', makePng(plan)],
      ['two.gif', await frames.clone().gif().toBuffer()],
      ['two.webp', await frames.clone().webp().toBuffer()],
      ['two.tif', await frames.clone().tiff().toBuffer()],
    ] as const) {
      await expectRejection(() => decodeImage(put(path(name), file)), name, 'holds 2', 'one image a file');
    }
  });

  it.each([
    ['brain.nii', Buffer.concat([Buffer.alloc(344), Buffer.from('n+1\0')]), 'NIfTI'],
    ['phone.heic', Buffer.from('\0\0\0\x18ftypheic\0\0\0\0', 'latin1'), 'HEIC'],
    ['layers.psd', Buffer.from('8BPS\0\x01'), 'Photoshop'],
    ['plain.pgm', Buffer.from('P5\n2 2\n255\nabcd'), 'Netpbm'],
    ['scan.jp2', Buffer.from('\0\0\0\x0cjP  \r\n\x87\n', 'latin1'), 'JPEG 2000'],
    ['paper.pdf', Buffer.from('%PDF-1.7'), 'PDF'],
  ])('names the format of %s, which it cannot read', async (name, bytes, format) => {
    await expectRejection(() => decodeImage(put(path(name), bytes)), name, format, 'Convert it');
    expect(imageKind(name)).toBe('foreign');
  });

  it('refuses a file of any format that was cut off, but for its last bytes', async () => {
    for (const [name, make] of [
      ['a.webp', () => ofColour().webp()],
      ['a.tif', () => ofColour().tiff()],
      ['a.avif', () => ofColour().avif()],
      ['a.gif', () => ofColour().gif()],
    ] as const) {
      const bytes = await make().toBuffer();
      for (const share of [0.3, 0.6, 0.9]) {
        const cut = put(path(name), bytes.subarray(0, Math.floor(share * bytes.length)));
        const message = await decodeImage(cut).catch(({ message }: Error) => message);
        expect(message).toMatch(/damaged/);
        expect(message).not.toMatch(/vips|load|seek|unsupported|unknown/i);
      }
    }
  });

  it('tells the size of a file of any format that is too large', async () => {
    const jpeg = await ofColour().jpeg().toBuffer();
    const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]));
    for (const at of [5, 7]) jpeg.writeUInt16BE(65_000, frame + at);
    const avif = await ofColour().avif().toBuffer();
    for (const at of [8, 12]) avif.writeUInt32BE(65_000, avif.indexOf('ispe') + at);
    for (const [name, file] of [
      ['a.jpg', jpeg],
      ['a.avif', avif],
      ['a.tif', makeTiff(65_000, 65_000, gray)],
    ] as const)
      await expectRejection(() => decodeImage(put(path(name), file)), name, '65000 × 65000', '16384');
  });

  it('says of a file without pixels, or one of which nothing is known, no word of a library', async () => {
    const jpeg = await ofColour().jpeg().toBuffer();
    jpeg.writeUInt16BE(0, jpeg.indexOf(Buffer.from([0xff, 0xc0])) + 5);
    await expectRejection(() => decodeImage(put(path('none.jpg'), jpeg)), 'it has no pixels');
    const palette = makePng({ width, height, colorType: 3, depth: 8, sample: () => 0 });
    const reading = () => decodeImage(put(path('palette.png'), palette));
    await expectRejection(reading, 'is a damaged PNG file, or one of a kind that is not read. Expected');
  });
});

describe('depth', () => {
  const values = Uint16Array.from({ length: width * height }, (_, i) => (i * 173) % 65536);

  it('of 16 bits stays as it is, in PNG and TIFF, gray and colour', async () => {
    const sample = (x: number, y: number, c: number) => ((y * width + x) * 173 + c * 20000) % 65536;
    const png = makePng({ width, height, colorType: 2, depth: 16, sample });
    const stored = await readImage(put(path('c.png'), png), { oriented: true });
    expect(stored.channels).toBe(3);
    expect([...stored.samples]).toEqual(
      Array.from({ length: width * height * 3 }, (_, i) => {
        const pixel = Math.floor(i / 3);
        return sample(pixel % width, Math.floor(pixel / width), i % 3);
      }),
    );
    const back = await readImage(put(path('g.tif'), makeTiff(width, height, values)), { oriented: true });
    expect(back.samples).toEqual(values);
    expect(await readImageHeader(path('g.tif'))).toEqual({ width, height, bits: 16, channels: 1, format: 'TIFF' });
  });

  it('becomes levels by the range that is asked for, and none is lost of a camera of 12 bits', async () => {
    const file = put(
      path('a.png'),
      makePng({ width: 4, height: 1, colorType: 0, depth: 16, sample: (x) => [0, 2000, 2100, 65535][x]! }),
    );
    const levels = async (range?: { min: number; max: number }) => [...(await decodeImage(file, range)).pixels];
    for (const [i, value] of [0, 2000 / 257, 2100 / 257, 255].entries())
      expect((await levels())[i]).toBeCloseTo(value, 4);
    const camera = [0, (255 * 2000) / 4095, (255 * 2100) / 4095, 255];
    for (const [i, value] of camera.entries()) expect((await levels({ min: 0, max: 4095 }))[i]).toBeCloseTo(value, 4);
  });

  it('of floats stays as it is', async () => {
    const floats = Float32Array.from({ length: 12 }, (_, i) => 1000.25 - 90 * i);
    const file = put(path('f.tif'), makeTiff(4, 3, floats));
    expect((await readImage(file, { oriented: true })).samples).toEqual(floats);
    expect((await decodeImage(file, { min: 10.25, max: 1000.25 })).pixels[0]).toBe(255);
    await expectRejection(
      () => decodeImage(put(path('nan.tif'), makeTiff(2, 1, Float32Array.of(1, Number.NaN)))),
      'NaN',
    );
  });

  it('of floats in colour stays as it is, without a curve or rounding', async () => {
    const floats = Float32Array.from({ length: 4 * 3 * 3 }, (_, i) => 0.7 - 0.09 * i);
    const file = put(path('c.tif'), makeTiff(4, 3, floats, { channels: 3 }));
    expect(await readImage(file, { oriented: true })).toEqual({ width: 4, height: 3, channels: 3, samples: floats });
  });

  it('of 16 bits with a sign stays as it is, as of scanners whose air is −1000', async () => {
    const signed = Int16Array.of(-32768, -1000, -1, 0, 40, 32767);
    const file = put(path('s.tif'), makeTiff(3, 2, signed));
    expect((await readImage(file, { oriented: true })).samples).toEqual(Float32Array.from(signed));
    expect(await readImageHeader(file)).toMatchObject({ width: 3, height: 2, bits: 32 });
  });

  it.each([
    ['8 bits', Uint8Array.of(7, 255, 200, 0, 90, 128)],
    ['16 bits', Uint16Array.of(7, 65535, 200, 0, 60000, 128)],
    ['floats', Float32Array.of(-1.5, 1, 0.25, 0, 700.5, 0.5)],
  ] as const)('of gray with alpha keeps both, in %s', async (_, samples) => {
    const file = put(path('a.tif'), makeTiff(3, 1, samples, { channels: 2 }));
    expect(await readImage(file, { oriented: true })).toEqual({ width: 3, height: 1, channels: 2, samples });
    const range = samples instanceof Float32Array ? { min: -1.5, max: 700.5 } : 'full';
    const { channels, pixels } = await decodeImage(file, range);
    expect([channels, pixels.length]).toEqual([1, 3]);
  });

  it.each([
    ['8 bits and a sign', Int8Array.of(-128, 127, 0), [0, 255, 128]],
    ['16 bits and a sign', Int16Array.of(-32768, 32767, 0), [0, 255, 127.502]],
    ['32 bits and a sign', Int32Array.of(-(2 ** 31), 2 ** 31 - 1, 0), [0, 255, 127.5]],
    ['32 bits', Uint32Array.of(0, 2 ** 32 - 1, 2 ** 31), [0, 255, 127.5]],
    ['floats that a filter made overshoot', Float32Array.of(-0.01, 1.04, 0.5), [0, 255, 127.5]],
  ] as const)('in its full range has all levels that it can hold: %s', async (_, samples, levels) => {
    const { pixels } = await decodeImage(put(path('w.tif'), makeTiff(3, 1, samples)));
    for (const [i, level] of levels.entries()) expect(pixels[i]).toBeCloseTo(level, 2);
  });

  it('of floats as of another depth is refused in the full range, though some lie within', async () => {
    const levels = Float32Array.of(0, 1, 17, 255);
    const file = put(path('levels.tif'), makeTiff(2, 2, levels));
    await expectRejection(() => decodeImage(file), 'levels.tif', '50 % lie beyond 0 and 1', 'another --range');
    expect([...(await decodeImage(file, { min: 0, max: 255 })).pixels]).toEqual([...levels]);
  });

  it('that is a pyramid of one image is read as its largest', async () => {
    const wide = Uint8Array.from({ length: 3 * 600 * 400 }, (_, i) => i % 251);
    const image = sharp(wide, { raw: { width: 600, height: 400, channels: 3 } });
    const file = put(
      path('pyramid.tif'),
      await image.tiff({ pyramid: true, tile: true, compression: 'none' }).toBuffer(),
    );
    expect(await readImage(file, { oriented: true })).toMatchObject({
      width: 600,
      height: 400,
      samples: new Uint8Array(wide),
    });
  });

  it.each([
    ['five channels', new Uint8Array(30), { channels: 5 }, 'it has 5 channels'],
    ['three channels of gray', new Uint16Array(18), { channels: 3, photometric: 1 }, 'it has 3 channels'],
    ['floats of 16 bits', new Uint16Array(6), { format: 3 }, 'floats of 16 bits'],
    ['Lab', new Float32Array(18), { channels: 3, photometric: 8 }, 'Lab'],
    ['YCbCr', new Uint8Array(18), { channels: 3, photometric: 6 }, 'YCbCr'],
    ['floats of which 0 is white', new Float32Array(6), { photometric: 0 }, '0 is white'],
    ['a small copy in front of a photograph', new Uint8Array(6), { reduced: true }, 'a smaller copy of another'],
    ['camera raw', new Uint8Array(6), { raw: true }, 'camera raw (DNG)'],
  ] as const)('of a kind that would be misread is refused: %s', async (_, samples, kind, reason) => {
    const file = put(path('kind.tif'), makeTiff(3, 2, samples, kind));
    await expectRejection(() => readImage(file, { oriented: true }), 'kind.tif', reason, 'Save it as gray or RGB');
  });

  it('of floats of 64 bits is told as a kind that is not read', async () => {
    const file = put(path('double.tif'), makeTiff(2, 1, Float64Array.of(0, 1)));
    await expectRejection(() => decodeImage(file), 'double.tif', 'of a kind that is not read', 'floats of 64 bits');
  });

  it('is refused where no value lies in the range: the file is of another depth than the model', async () => {
    const floats = put(path('f.tif'), makeTiff(2, 2, Float32Array.of(0, 0.5, 0.2, 1)));
    await expectRejection(
      () => decodeImage(floats, { min: 1574, max: 3232 }),
      'no value between 1574 and 3232',
      'below',
    );
    const deep = put(path('d.tif'), makeTiff(2, 2, Uint16Array.of(200, 300, 400, 500)));
    await expectRejection(() => decodeImage(deep, { min: 40, max: 80 }), 'all lie above');
    await expectRejection(
      () => decodeImage(put(path('g.tif'), makeTiff(1, 1, Float32Array.of(7)))),
      '0 to 1 in files of floats',
    );
    expect((await decodeImage(deep, { min: 0, max: 200 })).pixels).toEqual(Float32Array.of(255, 255, 255, 255));
  });

  it('of whole numbers is refused where black and white are no whole steps apart, though one of its values is below', async () => {
    const deep = put(path('d.tif'), makeTiff(2, 2, Uint16Array.of(0, 300, 400, 500)));
    await expectRejection(() => decodeImage(deep, { min: 0.4, max: 0.8 }), 'whole numbers of 16 bits', '0.4 to 0.8');
    const bytes = put(path('b.tif'), makeTiff(2, 2, Uint8Array.of(0, 30, 40, 50)));
    await expectRejection(() => decodeImage(bytes, { min: 0, max: 1 }), 'whole numbers of 8 bits', 'DICOM');
    // Two levels and no others, as silhouettes have, are what they are.
    const silhouette = put(path('s.tif'), makeTiff(2, 2, Uint16Array.of(0, 1, 1, 0)));
    expect((await decodeImage(silhouette, { min: 0, max: 1 })).pixels).toEqual(Float32Array.of(0, 255, 255, 0));
  });

  it('of 8 bits is refused where values beyond it are black and white', async () => {
    const file = put(path('a.png'), await ofGray().png().toBuffer());
    await expectRejection(() => decodeImage(file, { min: 200, max: 4000 }), 'a.png', '8 bits', '200 to 4000');
    expect((await decodeImage(file, { min: 0, max: 255 })).pixels).toEqual(Float32Array.from(gray));
  });
});

it.each([1, 2, 3, 4, 5, 6, 7, 8])('turns an image of Exif orientation %i as viewers do', async (orientation) => {
  // The letter F, dark on white, as a camera of this orientation stores it.
  const upright = [
    [0, 0, 0],
    [0, 9, 9],
    [0, 0, 9],
    [0, 9, 9],
  ];
  const stored = upright.map((row) => [...row]);
  const mirrored = (rows: number[][]) => rows.map((row) => row.toReversed());
  const turned = (rows: number[][]) => rows[0]!.map((_, x) => rows.map((row) => row[x]!).toReversed());
  const asStored: Record<number, (rows: number[][]) => number[][]> = {
    1: (rows) => rows,
    2: mirrored,
    3: (rows) => mirrored(rows.toReversed()),
    4: (rows) => rows.toReversed(),
    5: (rows) => mirrored(turned(rows)),
    6: (rows) => turned(turned(turned(rows))),
    7: (rows) => mirrored(turned(turned(turned(rows)))),
    8: turned,
  };
  const rows = asStored[orientation]!(stored);
  const size = { width: rows[0]!.length, height: rows.length };
  const bytes = Uint8Array.from(rows.flat(), (value) => 28 * value);
  const file = await sharp(bytes, { raw: { ...size, channels: 1 } })
    .toColourspace('b-w')
    .withMetadata({ orientation })
    .webp({ lossless: true })
    .toBuffer();
  const image = await decodeImage(put(path('f.webp'), file));
  expect(image).toMatchObject({ width: 3, height: 4 });
  expect([...toChannels(image, 1).pixels]).toEqual(upright.flat().map((v) => 28 * v));
  expect(await readImageHeader(path('f.webp'))).toMatchObject({ width: 3, height: 4 });
  expect(await readImage(path('f.webp'), { oriented: false })).toMatchObject(size);
});

/** A BMP of 5 × 3 pixels by the specification, and its pixels from the top down. */
function makeBmp(bits: 1 | 4 | 8 | 24 | 32, topDown: boolean): { file: Buffer; expected: Uint8Array } {
  const [w, h] = [bits === 4 ? 6 : 5, 3];
  const palette = Array.from({ length: 2 ** Math.min(bits, 8) }, (_, i) => [
    (i * 40) % 256,
    (i * 90) % 256,
    (i * 17) % 256,
  ]);
  const index = (x: number, y: number) => (y * 7 + x * 3) % palette.length;
  const colourAt = (x: number, y: number) => (bits <= 8 ? palette[index(x, y)]! : [x * 50, y * 90, x * y * 20]);
  const entries = bits <= 8 ? palette.flatMap(([r, g, b]) => [b!, g!, r!, 0]) : [];
  const stride = Math.ceil((w * bits) / 32) * 4;
  const rows = Array.from({ length: h }, (_, y) => {
    const row = Buffer.alloc(stride);
    for (let x = 0; x < w; x++) {
      const [r, g, b] = colourAt(x, y);
      if (bits >= 24) row.set([b!, g!, r!], (x * bits) / 8);
      else row[(x * bits) >> 3]! |= index(x, y) << (8 - bits - ((x * bits) % 8));
    }
    return row;
  });
  const head = Buffer.alloc(54);
  head.write('BM');
  const start = 54 + entries.length;
  head.writeUInt32LE(start + stride * h, 2);
  head.writeUInt32LE(start, 10);
  head.writeUInt32LE(40, 14);
  head.writeInt32LE(w, 18);
  head.writeInt32LE(topDown ? -h : h, 22);
  head.writeUInt16LE(1, 26);
  head.writeUInt16LE(bits, 28);
  head.writeUInt32LE(stride * h, 34);
  head.writeUInt32LE(bits <= 8 ? palette.length : 0, 46);
  const file = Buffer.concat([head, Buffer.from(entries), ...(topDown ? rows : rows.toReversed())]);
  const expected = Array.from({ length: w * h }, (_, i) => colourAt(i % w, Math.floor(i / w))).flat();
  return { file, expected: Uint8Array.from(expected) };
}
