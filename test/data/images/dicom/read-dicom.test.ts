import { describe, expect, it } from 'vitest';
import { decodeImage, openImage, readImage, readImageHeader } from '../../../../src/data/images/decode.ts';
import { readMask, toMask } from '../../../../src/data/images/mask.ts';
import { expectRejection, put, useTemporaryFolder } from '../../support.ts';
import { fixture, withFrame } from './fixtures.ts';
import { type Change, type Element, grayElements, makeDicom, type Writing } from './make-dicom.ts';

const path = useTemporaryFolder();
const [width, height] = [7, 5];
const count = width * height;
const size = [width, height] as const;
/** Over all 12 bits, both ends among them. */
const deep = Array.from({ length: count }, (_, i) => Math.round((4095 * ((i * 13) % count)) / (count - 1)));

const twelveBits: Element[] = [
  [0x00280101, 'US', 12],
  [0x00280102, 'US', 11],
];
const signed: Element = [0x00280103, 'US', 1];
const windowed = (centre: string, width: string): Element[] => [
  [0x00281050, 'DS', centre],
  [0x00281051, 'DS', width],
];
const rescaled = (slope: string, intercept: string): Element[] => [
  [0x00281052, 'DS', intercept],
  [0x00281053, 'DS', slope],
];

async function read(changes: readonly Change[], samples: readonly number[] = deep, writing?: Writing) {
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
      expect(image.window).toBe('all that 12 bits can hold');
      expectLevels(
        image.samples,
        deep.map((value) => value / 4095),
      );
      expect(await readImageHeader(path('a.dcm'))).toEqual({ width, height, channels: 1, bits: 32, format: 'DICOM' });
    },
  );

  it('is seen through its first window, which it names', async () => {
    const changes = [...twelveBits, ...windowed('1500.5\\300', '900\\20')];
    const image = await read(changes);
    expectLevels(
      image.samples,
      deep.map((value) => byWindow(value, 1500.5, 900)),
    );
    expect(image.window).toBe('centre 1500.5, width 900');
    expect((await decodeImage(path('a.dcm'))).window).toBe('centre 1500.5, width 900');
    expectLevels(
      (await read([...changes, ...windowed('1000', '1')])).samples,
      deep.map((value) => (value > 999.5 ? 1 : 0)),
    );
  });

  it('has windows of other curves', async () => {
    const changes = [...twelveBits, ...windowed('2000', '1000')];
    const exact = await read([...changes, [0x00281056, 'CS', 'LINEAR_EXACT']]);
    expectLevels(
      exact.samples,
      deep.map((x) => Math.min(1, Math.max(0, (x - 2000) / 1000 + 0.5))),
    );
    const sigmoid = await read([...changes, [0x00281056, 'CS', 'SIGMOID']]);
    expectLevels(
      sigmoid.samples,
      deep.map((x) => 1 / (1 + Math.exp((-4 * (x - 2000)) / 1000))),
    );
    await expectRejection(() => read([...changes, [0x00281056, 'CS', 'CUBIC']]), 'the curve CUBIC', 'Export it');
    await expectRejection(() => read([...twelveBits, ...windowed('2000', '0')]), 'the width 0');
    await expectRejection(() => read([...twelveBits, ...windowed('\\\\40', '400')]), 'window has no numbers');
    await expectRejection(() => read([...twelveBits, ...rescaled('abc', '0')]), 'is no number');
    const narrow = await read([...twelveBits, ...rescaled('0.0001', '0'), ...windowed('0.2', '0.3')]);
    expectLevels(
      narrow.samples,
      deep.map((x) => Math.min(1, Math.max(0, (x / 10_000 - 0.2) / 0.3 + 0.5))),
    );
  });

  it('means numbers with a sign, rescaled', async () => {
    const values = deep.map((value) => value - 2048);
    const changes = [signed, ...rescaled('2.5', '-1024'), ...windowed('40', '400')];
    for (const syntax of ['explicit', 'big-endian'] as const)
      expectLevels(
        (await read(changes, values, { syntax })).samples,
        values.map((value) => byWindow(2.5 * value - 1024, 40, 400)),
      );
    const narrow = await read(
      [...twelveBits, signed],
      values.map((value) => value & 0xfff),
    );
    expectLevels(
      narrow.samples,
      values.map((value) => (value + 2048) / 4095),
    );
    const falling = await read([...twelveBits, ...rescaled('-2', '100')]);
    expectLevels(
      falling.samples,
      deep.map((value) => 1 - value / 4095),
    );
  });

  it('has 1 of MONOCHROME1 black', async () => {
    const inverted: Element = [0x00280004, 'CS', 'MONOCHROME1'];
    expectLevels(
      (await read([...twelveBits, inverted])).samples,
      deep.map((value) => 1 - value / 4095),
    );
    const bytes = deep.map((value) => value >> 4);
    const file = makeDicom(grayElements(size, bytes, [inverted], 8));
    expect((await decodeImage(put(path('b.dcm'), file))).pixels).toEqual(
      Uint8Array.from(bytes, (value) => 255 - value),
    );
  });

  it('may keep something else in the bits above or below', async () => {
    const high: Element[] = [
      [0x00280101, 'US', 12],
      [0x00280102, 'US', 15],
    ];
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
      const shown = await read([...twelveBits, [0x00283010, 'SQ', [table(500, 12, squares)]]], deep, {
        syntax,
      });
      expectLevels(
        shown.samples,
        deep.map((value) => entry(value) / 4095),
      );
      expect(shown.window).toBe('a table');
    }
    // Of bytes, of values with a sign that pixels have not, and with more bits than it says.
    const bytes: Element[] = [
      [0x00283002, 'US', [256, 100, 8]],
      [0x00283006, 'OB', Uint8Array.from({ length: 256 }, (_, i) => i)],
    ];
    const narrow = await read([...twelveBits, [0x00283010, 'SQ', [bytes]]]);
    expectLevels(
      narrow.samples,
      deep.map((value) => Math.min(255, Math.max(0, value - 100)) / 255),
    );
    for (const syntax of ['explicit', 'implicit'] as const) {
      const hounsfield: Element[] = [
        [0x00283002, 'SS', [1000, -1024, 12]],
        [0x00283006, 'OW', squares],
      ];
      const shown = await read([...twelveBits, ...rescaled('1', '-1024'), [0x00283010, 'SQ', [hounsfield]]], deep, {
        syntax,
      });
      expectLevels(
        shown.samples,
        deep.map((value) => (squares[Math.min(999, value)] ?? 0) / 4095),
      );
    }
    const lying = await read([...twelveBits, [0x00283010, 'SQ', [table(500, 8, squares)]]]);
    expect(Math.max(...lying.samples)).toBe(1);
    const meant: Element[] = [...twelveBits, [0x00283000, 'SQ', [table(500, 12, squares)]]];
    expectLevels(
      (await read([...meant, ...windowed('700', '300')])).samples,
      deep.map((value) => byWindow(entry(value), 700, 300)),
    );
    expectLevels(
      (await read(meant)).samples,
      deep.map((value) => entry(value) / 4095),
    );
  });

  it('may say of all its frames what it means, as those do that can have many', async () => {
    const shown: Element[] = windowed('1500', '900');
    const meant: Element[] = rescaled('2', '-100');
    const inFrame: Element[] = [
      [0x00289132, 'SQ', [shown]],
      [0x00289145, 'SQ', [meant]],
    ];
    for (const groups of [0x52009229, 0x52009230])
      expectLevels(
        // An empty window in front of it is none.
        (await read([...twelveBits, [0x00281050, 'DS', ''], [groups, 'SQ', [inFrame]]])).samples,
        deep.map((value) => byWindow(2 * value - 100, 1500, 900)),
      );
  });

  it('keeps 8 bits as bytes, through a window too', async () => {
    const bytes = Array.from({ length: count }, (_, i) => (i * 37) % 256);
    const file = put(path('b.dcm'), makeDicom(grayElements(size, bytes, [], 8)));
    expect((await decodeImage(file)).pixels).toEqual(Uint8Array.from(bytes));
    expect(await readImageHeader(file)).toMatchObject({ bits: 8 });
    put(file, makeDicom(grayElements(size, bytes, windowed('100', '100'), 8)));
    expect((await decodeImage(file)).pixels).toEqual(
      Uint8Array.from(bytes, (x) => Math.round(255 * byWindow(x, 100, 100))),
    );
  });

  it('is a mask like any other', async () => {
    const bytes = Array.from({ length: count }, (_, i) => (i % 3 === 0 ? 1 : 0));
    const image = await readImage(put(path('m.dcm'), makeDicom(grayElements(size, bytes, [], 8))), { oriented: false });
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
          [
            [0x00280002, 'US', 3],
            [0x00280004, 'CS', kind],
            [0x00280006, 'US', planar],
          ],
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

  it('is a mask by what it stores, whatever window it is shown through, and whatever its sign', async () => {
    const labels: number[] = Array.from({ length: count }, (_, i) => (i % 3 === 0 ? 1 : 0));
    const inside = async (changes: Element[], values = labels) => {
      const file = put(path('m.dcm'), makeDicom(grayElements(size, values, changes)));
      return [...(await readMask(file)).inside];
    };
    expect(await inside([signed])).toEqual(labels);
    expect(await inside(windowed('-500', '10'))).toEqual(labels);
    const inverted: Element = [0x00280004, 'CS', 'MONOCHROME1'];
    expect(
      await inside(
        [inverted],
        labels.map((label) => 1 - label),
      ),
    ).toEqual(labels);
  });

  it('has bytes in words exchanged where words are', async () => {
    const bytes = Array.from({ length: count }, (_, i) => (i * 37) % 256);
    const words = Buffer.from([...bytes, 0]).swap16();
    const elements = grayElements(size, bytes, [[0x7fe00010, 'OW', words]], 8);
    const file = put(path('b.dcm'), makeDicom(elements, { syntax: 'big-endian' }));
    expect((await decodeImage(file)).pixels).toEqual(Uint8Array.from(bytes));
  });

  it('may have what nobody knows behind its pixels', async () => {
    const whole = makeDicom(grayElements(size, deep, twelveBits));
    for (const rest of [Buffer.alloc(3), Buffer.alloc(600), Buffer.from('appended')])
      expect(await readImage(put(path('a.dcm'), Buffer.concat([whole, rest])), { oriented: true })).toMatchObject({
        width,
      });
  });

  it('tells its size however far that stands from its beginning', async () => {
    const notes: Element = [0x00080000 + 0x2111, 'UN', new Uint8Array(200_000)];
    const file = put(path('long.dcm'), makeDicom(grayElements(size, deep, [notes])));
    expect(await readImageHeader(file)).toMatchObject({ width, height });
    expect(await openImage(file, 'full')).toMatchObject({ width, height, channels: 1 });
  });
});

describe('compressed DICOM files', () => {
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
    for (const [said, name] of [
      ['1.2.840.10008.1.2.4.92', 'JPEG 2000 of a kind that is hardly used'],
      ['1.2.840.10008.1.2.4.102', 'a film'],
      ['1.2.840.10008.1.2.4.201', 'HTJ2K'],
      ['1.2.3', 'transfer syntax is 1.2.3'],
    ] as const)
      await expectRejection(
        () => readImage(put(path('c.dcm'), makeDicom(grayElements(size, deep), { said })), { oriented: true }),
        name,
      );
  });

  it('are refused where the decoder would give other samples', async () => {
    await expectRejection(() => read('mean.dcm'), 'by prediction 7', 'gdcmconv');
    await expectRejection(() => read('lost.dcm'), 'without their lowest 2 bits', 'gdcmconv');
    const ofRows = withFrame(fixture('lossless.dcm'), (frame) => {
      const scan = frame.indexOf(Buffer.from([0xff, 0xda]));
      frame[scan + 7] = 2;
      return Buffer.concat([frame.subarray(0, scan), Buffer.from([0xff, 0xdd, 0, 4, 0, 40]), frame.subarray(scan)]);
    });
    await expectRejection(
      () => readImage(put(path('r.dcm'), ofRows), { oriented: true }),
      'by prediction 2, with restarts',
    );
  });

  it('may have fill bytes in front of a marker', async () => {
    const filled = withFrame(fixture('lossless.dcm'), (frame) => {
      const marker = frame.indexOf(Buffer.from([0xff, 0xc3]));
      return Buffer.concat([frame.subarray(0, marker), Buffer.from([0xff]), frame.subarray(marker)]);
    });
    expect(await readImage(put(path('f.dcm'), filled), { oriented: true })).toEqual(await read('lossless.dcm'));
  });

  it('are refused where their data ends early, and take no time for what is not there', async () => {
    const file = fixture('lossless.dcm');
    const scan = file.indexOf(Buffer.from([0xff, 0xda]));
    const ended = Buffer.from(file);
    ended.set([0xff, 0xd9], scan + 300);
    const silent = Buffer.from(file);
    silent.fill(0, silent.lastIndexOf(Buffer.from([0xff, 0xd9])), silent.lastIndexOf(Buffer.from([0xff, 0xd9])) + 2);
    const huge = Buffer.from(file);
    const frame = huge.indexOf(Buffer.from([0xff, 0xc3]));
    for (const [tag, at] of [
      [0x10, frame + 5],
      [0x11, frame + 7],
    ] as const) {
      huge.writeUInt16LE(9000, huge.indexOf(Buffer.from([0x28, 0, tag, 0, 0x55, 0x53])) + 8);
      huge.writeUInt16BE(9000, at);
    }
    for (const damaged of [ended, silent, huge])
      await expectRejection(
        () => readImage(put(path('d.dcm'), damaged), { oriented: true }),
        'damaged DICOM file',
        'JPEG data',
      );
  });

  it('are refused where their pixels lie as those of others do', async () => {
    const said = '1.2.840.10008.1.2.4.70';
    const file = put(path('c.dcm'), makeDicom(grayElements(size, deep, twelveBits), { said }));
    await expectRejection(() => readImage(file, { oriented: true }), 'damaged DICOM file', 'do not lie in pieces');
  });

  it('of a megabyte take no gigabytes', async () => {
    const bomb = grayElements(size, deep, [[0x00082111, 'UN', new Uint8Array(300 * 2 ** 20)]]);
    const file = put(path('bomb.dcm'), makeDicom(bomb, { syntax: 'deflated' }));
    await expectRejection(() => readImage(file, { oriented: true }), 'damaged DICOM file', '256 MiB');
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
    ['several frames', [[0x00280008, 'IS', '12']], ['holds 12 frames', 'one image a file']],
    ['no pixels', [[0x7fe00010]], ['holds no image', 'Remove it']],
    ['floats', [[0x7fe00010], [0x7fe00008, 'OF', new Uint8Array(4 * count)]], ['floats']],
    ['32 bits', [[0x00280100, 'US', 32]], ['32 bits', 'Export it as PNG or TIFF']],
    ['one bit', [[0x00280100, 'US', 1]], ['1 bits']],
    ['a palette', [[0x00280004, 'CS', 'PALETTE COLOR']], ['PALETTE COLOR']],
    ['bits that it has not', [[0x00280101, 'US', 17]], ['that 17 count']],
    ['no columns', [[0x00280011, 'US', 0]], ['0 × 5', 'damaged']],
    ['too few pixels', [[0x7fe00010, 'OW', [1, 2, 3]]], ['need 70 bytes', 'holds 6']],
  ] as [string, readonly Change[], string[]][])('%s', async (_, changes, texts) => {
    await expectRejection(() => read(changes), 'a.dcm', ...texts);
  });

  it('more pixels than any photograph has, before memory is taken', async () => {
    const huge: Element[] = [
      [0x00280010, 'US', 65000],
      [0x00280011, 'US', 65000],
    ];
    await expectRejection(() => read(huge), '65000 × 65000', '16384');
  });

  it('that it only begins as one', async () => {
    await expectRejection(
      () => decodeImage(put(path('a.dcm'), Buffer.concat([Buffer.alloc(128), Buffer.from('DICM')]))),
      'damaged DICOM',
    );
  });
});
