import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeImage, openImage, readImage, readImageHeader } from '../../../../src/data/images/decode.ts';
import { toMask } from '../../../../src/data/images/mask.ts';
import { expectRejection, put, useTemporaryFolder } from '../../support.ts';
import { type Element, grayElements, makeDicom, type Writing } from './make-dicom.ts';

const path = useTemporaryFolder();
const [width, height] = [7, 5];
const count = width * height;
const size = [width, height] as const;
/** Over all 12 bits, both ends among them. */
const deep = Array.from({ length: count }, (_, i) => Math.round((4095 * ((i * 13) % count)) / (count - 1)));

const twelveBits: Record<number, Element> = {
  2621697: [0x00280101, 'US', 12],
  2621698: [0x00280102, 'US', 11],
};
const signed: Element = [0x00280103, 'US', 1];
const windowed = (centre: string, width: string): Record<number, Element> => ({
  2625616: [0x00281050, 'DS', centre],
  2625617: [0x00281051, 'DS', width],
});
const rescaled = (slope: string, intercept: string): Record<number, Element> => ({
  2625618: [0x00281052, 'DS', intercept],
  2625619: [0x00281053, 'DS', slope],
});

async function read(changes: Record<number, Element | null>, samples: readonly number[] = deep, writing?: Writing) {
  return readImage(put(path('a.dcm'), makeDicom(grayElements(size, samples, changes), writing)), { oriented: true });
}

function expectLevels(samples: ArrayLike<number>, expected: readonly number[]): void {
  expect(samples.length).toBe(expected.length);
  const off = Array.from(samples, (sample, i) => Math.abs(sample - (expected[i] ?? Number.NaN)));
  expect(Math.max(...off)).toBeLessThan(1e-6);
}

/** PS3.3 C.11.2.1.2.1, the cases as they stand there. */
function byWindow(x: number, c: number, w: number): number {
  if (x <= c - 0.5 - (w - 1) / 2) return 0;
  if (x > c - 0.5 + (w - 1) / 2) return 1;
  return (x - (c - 0.5)) / (w - 1) + 0.5;
}

describe('a DICOM file', () => {
  it.each(['implicit', 'explicit', 'big-endian', 'deflated'] as const)(
    'is read with all its 12 bits: %s',
    async (syntax) => {
      const image = await read(twelveBits, deep, { syntax });
      expect(image).toMatchObject({ width, height, channels: 1 });
      expect(image.window).toBeUndefined();
      expectLevels(
        image.samples,
        deep.map((value) => value / 4095),
      );
      expect(await readImageHeader(path('a.dcm'))).toEqual({ width, height, channels: 1, bits: 32, format: 'DICOM' });
    },
  );

  it('is seen through its first window, which it names', async () => {
    const changes = { ...twelveBits, ...windowed('1500.5\\300', '900\\20') };
    const image = await read(changes);
    expectLevels(
      image.samples,
      deep.map((value) => byWindow(value, 1500.5, 900)),
    );
    expect(image.window).toBe('centre 1500.5, width 900');
    expect((await decodeImage(path('a.dcm'))).window).toBe('centre 1500.5, width 900');
    expectLevels(
      (await read({ ...changes, ...windowed('1000', '1') })).samples,
      deep.map((value) => (value > 999.5 ? 1 : 0)),
    );
  });

  it('has windows of other curves', async () => {
    const changes = { ...twelveBits, ...windowed('2000', '1000') };
    const exact = await read({ ...changes, 2625622: [0x00281056, 'CS', 'LINEAR_EXACT'] });
    expectLevels(
      exact.samples,
      deep.map((x) => Math.min(1, Math.max(0, (x - 2000) / 1000 + 0.5))),
    );
    const sigmoid = await read({ ...changes, 2625622: [0x00281056, 'CS', 'SIGMOID'] });
    expectLevels(
      sigmoid.samples,
      deep.map((x) => 1 / (1 + Math.exp((-4 * (x - 2000)) / 1000))),
    );
    await expectRejection(
      () => read({ ...changes, 2625622: [0x00281056, 'CS', 'CUBIC'] }),
      'the curve CUBIC',
      'Export it',
    );
    await expectRejection(() => read({ ...twelveBits, ...windowed('2000', '0') }), 'the width 0');
  });

  it('means numbers with a sign, rescaled', async () => {
    const values = deep.map((value) => value - 2048);
    const changes = { 2621699: signed, ...rescaled('2.5', '-1024'), ...windowed('40', '400') };
    for (const syntax of ['explicit', 'big-endian'] as const)
      expectLevels(
        (await read(changes, values, { syntax })).samples,
        values.map((value) => byWindow(2.5 * value - 1024, 40, 400)),
      );
    const narrow = await read(
      { ...twelveBits, 2621699: signed },
      values.map((value) => value & 0xfff),
    );
    expectLevels(
      narrow.samples,
      values.map((value) => (value + 2048) / 4095),
    );
    const falling = await read({ ...twelveBits, ...rescaled('-2', '100') });
    expectLevels(
      falling.samples,
      deep.map((value) => 1 - value / 4095),
    );
  });

  it('has 1 of MONOCHROME1 black', async () => {
    const inverted: Element = [0x00280004, 'CS', 'MONOCHROME1'];
    expectLevels(
      (await read({ ...twelveBits, 2621444: inverted })).samples,
      deep.map((value) => 1 - value / 4095),
    );
    const bytes = deep.map((value) => value >> 4);
    const file = makeDicom(grayElements(size, bytes, { 2621444: inverted }, 8));
    expect((await decodeImage(put(path('b.dcm'), file))).pixels).toEqual(
      Uint8Array.from(bytes, (value) => 255 - value),
    );
  });

  it('may keep something else in the bits above or below', async () => {
    const high: Record<number, Element> = { 2621697: [0x00280101, 'US', 12], 2621698: [0x00280102, 'US', 15] };
    expectLevels(
      (
        await read(
          high,
          deep.map((value) => value * 16 + 5),
        )
      ).samples,
      deep.map((value) => value / 4095),
    );
    expectLevels(
      (
        await read(
          twelveBits,
          deep.map((value) => value + 0xa000),
        )
      ).samples,
      deep.map((value) => value / 4095),
    );
  });

  it('may have tables instead of a slope and of a window', async () => {
    const table = (first: number, bits: number, values: readonly number[]): Element[] => [
      [0x00283002, 'US', [values.length, first, bits]],
      [0x00283006, 'OW', values],
    ];
    const squares = Array.from({ length: 1000 }, (_, i) => Math.round((i * i * 4095) / 999 ** 2));
    const entry = (value: number) => squares[Math.min(999, Math.max(0, value - 500))] ?? 0;
    for (const syntax of ['explicit', 'implicit', 'big-endian'] as const) {
      const shown = await read({ ...twelveBits, 2633744: [0x00283010, 'SQ', [table(500, 12, squares)]] }, deep, {
        syntax,
      });
      expectLevels(
        shown.samples,
        deep.map((value) => entry(value) / 4095),
      );
      expect(shown.window).toBe('a table');
    }
    const meant: Record<number, Element> = { ...twelveBits, 2633728: [0x00283000, 'SQ', [table(500, 12, squares)]] };
    expectLevels(
      (await read({ ...meant, ...windowed('700', '300') })).samples,
      deep.map((value) => byWindow(entry(value), 700, 300)),
    );
    expectLevels(
      (await read(meant)).samples,
      deep.map((value) => entry(value) / 4095),
    );
  });

  it('may say of all its frames what it means, as those do that can have many', async () => {
    const ofFrames = (groups: number): Record<number, Element> => ({
      ...twelveBits,
      [groups]: [
        groups,
        'SQ',
        [
          [
            [
              0x00289132,
              'SQ',
              [
                [
                  [0x00281050, 'DS', '1500'],
                  [0x00281051, 'DS', '900'],
                ],
              ],
            ],
            [
              0x00289145,
              'SQ',
              [
                [
                  [0x00281052, 'DS', '-100'],
                  [0x00281053, 'DS', '2'],
                ],
              ],
            ],
          ],
        ],
      ],
    });
    for (const groups of [0x52009229, 0x52009230])
      expectLevels(
        (await read(ofFrames(groups))).samples,
        deep.map((value) => byWindow(2 * value - 100, 1500, 900)),
      );
  });

  it('keeps 8 bits as bytes, through a window too', async () => {
    const bytes = Array.from({ length: count }, (_, i) => (i * 37) % 256);
    const file = put(path('b.dcm'), makeDicom(grayElements(size, bytes, {}, 8)));
    expect((await decodeImage(file)).pixels).toEqual(Uint8Array.from(bytes));
    expect(await readImageHeader(file)).toMatchObject({ bits: 8 });
    put(file, makeDicom(grayElements(size, bytes, windowed('100', '100'), 8)));
    expect((await decodeImage(file)).pixels).toEqual(
      Uint8Array.from(bytes, (x) => Math.round(255 * byWindow(x, 100, 100))),
    );
  });

  it('is a mask like any other', async () => {
    const bytes = Array.from({ length: count }, (_, i) => (i % 3 === 0 ? 1 : 0));
    const image = await readImage(put(path('m.dcm'), makeDicom(grayElements(size, bytes, {}, 8))), { oriented: false });
    expect([...toMask(image).inside].map(Number)).toEqual(bytes);
  });

  it('has colours pixel by pixel, in planes, or as brightness and colour', async () => {
    const rgb = Array.from({ length: 3 * 8 }, (_, i) => (i * 53 + 20) % 256);
    const planes = [0, 1, 2].flatMap((channel) => rgb.filter((_, i) => i % 3 === channel));
    const colour = (kind: string, planar: number, bytes: readonly number[]) =>
      makeDicom(
        grayElements(
          [4, 2],
          bytes,
          { 2621442: [0x00280002, 'US', 3], 2621444: [0x00280004, 'CS', kind], 2621446: [0x00280006, 'US', planar] },
          8,
        ),
      );
    const pixels = async (file: Buffer) => (await decodeImage(put(path('c.dcm'), file))).pixels;
    expect(await pixels(colour('RGB', 0, rgb))).toEqual(Uint8Array.from(rgb));
    expect(await pixels(colour('RGB', 1, planes))).toEqual(Uint8Array.from(rgb));
    const fromYbr = ([y = 0, b = 0, r = 0]: readonly number[]) =>
      [
        y + 1.402 * (r - 128),
        y - (0.114 * 1.772 * (b - 128) + 0.299 * 1.402 * (r - 128)) / 0.587,
        y + 1.772 * (b - 128),
      ].map((value) => Math.min(255, Math.max(0, Math.round(value))));
    const triples = Array.from({ length: 8 }, (_, i) => rgb.slice(3 * i, 3 * i + 3));
    expect(await pixels(colour('YBR_FULL', 0, rgb))).toEqual(Uint8Array.from(triples.flatMap(fromYbr)));
    const pairs = Array.from({ length: 4 }, (_, i) => rgb.slice(4 * i, 4 * i + 4));
    expect(await pixels(colour('YBR_FULL_422', 0, pairs.flat()))).toEqual(
      Uint8Array.from(
        pairs.flatMap(([y0 = 0, y1 = 0, b = 0, r = 0]) => [fromYbr([y0, b, r]), fromYbr([y1, b, r])].flat()),
      ),
    );
  });

  it('tells its size however far that stands from its beginning', async () => {
    const notes: Element = [0x00080000 + 0x2111, 'UN', new Uint8Array(200_000)];
    const file = put(path('long.dcm'), makeDicom(grayElements(size, deep, { 532753: notes })));
    expect(await readImageHeader(file)).toMatchObject({ width, height });
    expect(await openImage(file, 'full')).toMatchObject({ width, height, channels: 1 });
  });
});

describe('compressed DICOM files', () => {
  const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url));
  const read = (name: string) => readImage(put(path(name), fixture(name)), { oriented: true });

  it.each(['lossless.dcm', 'run-lengths.dcm'])('have the samples of the plain one: %s', async (name) => {
    const plain = await read('plain.dcm');
    expect(plain).toMatchObject({ width: 40, height: 32, window: 'centre 2000, width 3000' });
    expect(new Set(plain.samples).size).toBeGreaterThan(256);
    expect(await read(name)).toEqual(plain);
  });

  it('have the colours that libjpeg gives', async () => {
    put(path('expected.png'), fixture('baseline.expected.png'));
    expect(await read('baseline.dcm')).toEqual(await readImage(path('expected.png'), { oriented: true }));
  });

  it('are refused by the name of what compressed them', async () => {
    await expectRejection(() => read('jpeg2000.dcm'), 'jpeg2000.dcm', 'JPEG 2000', 'gdcmconv');
    for (const [said, name] of [
      ['1.2.840.10008.1.2.4.80', 'JPEG-LS'],
      ['1.2.840.10008.1.2.4.102', 'a film'],
      ['1.2.840.10008.1.2.4.201', 'HTJ2K'],
      ['1.2.3', 'the transfer syntax 1.2.3'],
    ] as const)
      await expectRejection(
        () => readImage(put(path('c.dcm'), makeDicom(grayElements(size, deep), { said })), { oriented: true }),
        name,
      );
  });

  it('are refused when they are cut off anywhere', async () => {
    for (const name of ['plain.dcm', 'lossless.dcm', 'run-lengths.dcm', 'baseline.dcm']) {
      const whole = fixture(name);
      for (const share of [0.1, 0.5, 0.8, 0.97])
        await expectRejection(
          () =>
            readImage(put(path('cut.dcm'), whole.subarray(0, Math.floor(share * whole.length))), { oriented: true }),
          'cut.dcm',
          'damaged DICOM file',
        );
    }
  });

  it('are refused where they hold another size than they announce', async () => {
    for (const name of ['lossless.dcm', 'run-lengths.dcm', 'baseline.dcm', 'plain.dcm']) {
      const file = fixture(name);
      // Rows, a number of 16 bits.
      file.writeUInt16LE(45, file.indexOf(Buffer.from([0x28, 0, 0x10, 0, 0x55, 0x53])) + 8);
      await expectRejection(() => readImage(put(path('lying.dcm'), file), { oriented: true }), 'damaged DICOM file');
    }
  });
});

describe('what is told of a DICOM file that is not read', () => {
  it.each([
    ['several frames', { 2621448: [0x00280008, 'IS', '12'] }, ['holds 12 frames', 'one image a file']],
    ['no pixels', { 2145386512: null }, ['holds no image', 'Remove it']],
    ['floats', { 2145386512: null, 2145386504: [0x7fe00008, 'OF', new Uint8Array(4 * count)] }, ['floats']],
    ['32 bits', { 2621696: [0x00280100, 'US', 32] }, ['32 bits', '16-bit PNG or TIFF']],
    ['one bit', { 2621696: [0x00280100, 'US', 1] }, ['1 bits']],
    ['a palette', { 2621444: [0x00280004, 'CS', 'PALETTE COLOR'] }, ['PALETTE COLOR']],
    ['bits that it has not', { 2621697: [0x00280101, 'US', 17] }, ['that 17 count']],
    ['no columns', { 2621457: [0x00280011, 'US', 0] }, ['0 × 5', 'damaged']],
    ['too few pixels', { 2145386512: [0x7fe00010, 'OW', [1, 2, 3]] }, ['need 70 bytes', 'holds 6']],
  ] as [string, Record<number, Element | null>, string[]][])('%s', async (_, changes, texts) => {
    await expectRejection(() => read(changes), 'a.dcm', ...texts);
  });

  it('more pixels than any photograph has, before memory is taken', async () => {
    const huge: Record<number, Element> = { 2621456: [0x00280010, 'US', 65000], 2621457: [0x00280011, 'US', 65000] };
    await expectRejection(() => read(huge), '65000 × 65000', '16384');
  });

  it('that it only begins as one', async () => {
    await expectRejection(
      () => decodeImage(put(path('a.dcm'), Buffer.concat([Buffer.alloc(128), Buffer.from('DICM')]))),
      'damaged DICOM',
    );
  });
});
