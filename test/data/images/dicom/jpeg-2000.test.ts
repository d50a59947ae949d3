import { expect, it } from 'vitest';
import { expectRejection } from '../../support.ts';
import { EDGES, fixture, HEIGHT, made, mostApart, rough, saying, storedIn, WIDTH, withFrame } from './fixtures.ts';

/** A file whose JPEG 2000 data announces another number. @param at where, behind the marker of sizes */
function announcing(name: string, at: number, value: number, bytes = 4): Buffer {
  return withFrame(fixture(name), (frame) => {
    frame.writeUIntBE(value, 4 + at, bytes);
    return frame;
  });
}

const [ACROSS, DOWN, LEFT, TILE, SAMPLE, STEP] = [4, 8, 12, 20, 38, 39];

it.each([
  ['gray-8', rough(8)],
  ['gray-16', rough(16)],
  ['signed-16', rough(16, { isSigned: true })],
  ['colour', rough(8, { channels: 3 })],
  ['tiles', rough(8)],
] as const)('JPEG 2000 without loss has every sample: %s', async (name, samples) => {
  expect(await storedIn(fixture(`${name}.j2k.dcm`))).toEqual(samples);
});

it('JPEG 2000 of a photograph of 12 bits is the photograph', async () => {
  expect(await storedIn(fixture('jpeg2000.dcm'))).toEqual(await storedIn(fixture('plain.dcm')));
});

it('JPEG 2000 with loss is what another program decompresses, and what it carries beyond white is white', async () => {
  const expected = await storedIn(fixture('edges.expected.dcm'));
  expect(Math.max(...expected)).toBeGreaterThan(4095);
  const samples = await storedIn(fixture('edges.j2k.dcm'));
  expect(samples).toEqual(expected.map((value) => Math.min(4095, value)));
  expect(samples).not.toEqual(EDGES);
});

it('colours that JPEG 2000 made of RGB with loss are RGB', async () => {
  const smooth = made((x, y, channel) => [19 * x, 23 * y, 10 * (x + y)][channel] ?? 0, 3);
  const samples = await storedIn(fixture('smooth.j2k.dcm'));
  expect(mostApart(samples, smooth)).toBeLessThan(8);
  expect(samples).not.toEqual(smooth);
});

it('JPEG 2000 that is cut off anywhere is refused', async () => {
  for (const name of ['gray-16.j2k.dcm', 'tiles.j2k.dcm', 'jpeg2000.dcm', 'smooth.j2k.dcm']) {
    const file = fixture(name);
    const begin = file.indexOf(Buffer.of(0xff, 0x4f, 0xff, 0x51));
    for (let length = begin; length < file.lastIndexOf(Buffer.of(0xff, 0xd9)); length += 7)
      await expectRejection(() => storedIn(file.subarray(0, length)), 'a.dcm is a damaged DICOM file');
  }
});

it('JPEG 2000 that lacks a tile is refused, which the decoder would leave empty', async () => {
  const without = withFrame(fixture('tiles.j2k.dcm'), (frame) => {
    const tile = frame.lastIndexOf(Buffer.of(0xff, 0x90, 0, 10));
    return Buffer.concat([frame.subarray(0, tile), Buffer.of(0xff, 0xd9)]);
  });
  await expectRejection(() => storedIn(without), 'damaged DICOM file', 'lacks a part of the picture');
});

it('JPEG 2000 whose announcements are not those of its file is refused', async () => {
  const sizes = `announces ${WIDTH} × ${HEIGHT + 1} pixels of one sample, and its JPEG 2000 data ${WIDTH} × ${HEIGHT}`;
  await expectRejection(() => storedIn(saying(fixture('gray-8.j2k.dcm'), 0x10, HEIGHT + 1)), 'damaged', sizes);
  await expectRejection(() => storedIn(announcing('gray-8.j2k.dcm', ACROSS, 2 ** 31)), 'damaged', `${2 ** 31} × 11`);
  await expectRejection(() => storedIn(announcing('gray-8.j2k.dcm', DOWN, 0)), 'damaged', '13 × 0');
  await expectRejection(() => storedIn(announcing('gray-8.j2k.dcm', TILE, 0)), 'damaged', 'lacks a part');
  await expectRejection(
    () => storedIn(saying(fixture('signed-16.j2k.dcm'), 0x103, 0)),
    '16 bits without a sign, and its JPEG 2000 data 16 bits with a sign',
    'gdcmconv',
  );
  await expectRejection(() => storedIn(announcing('gray-8.j2k.dcm', SAMPLE, 11, 1)), 'its JPEG 2000 data 12 bits');
});

it('JPEG 2000 that the decoder would give wrongly is refused', async () => {
  await expectRejection(() => storedIn(fixture('signed-8.j2k.dcm')), 'samples of 8 bits with a sign', 'gdcmconv');
  await expectRejection(() => storedIn(announcing('gray-8.j2k.dcm', LEFT, 1)), 'at the corner of its picture');
  await expectRejection(() => storedIn(announcing('colour.j2k.dcm', STEP + 3, 2, 1)), 'channels of several sizes');
});

it('colours that nothing made of RGB are not taken for RGB', async () => {
  const file = fixture('colour.j2k.dcm');
  file[file.indexOf(Buffer.of(0xff, 0x52, 0, 12)) + 8] = 0;
  await expectRejection(() => storedIn(file), 'damaged', 'YBR_RCT');
});

it('a whole file of JPEG 2000 inside a DICOM file is refused', async () => {
  const file = fixture('gray-8.j2k.dcm');
  file.write('jP  ', file.indexOf(Buffer.of(0xff, 0x4f, 0xff, 0x51)) + 4, 'latin1');
  await expectRejection(() => storedIn(file), '(JP2)', 'gdcmconv');
});

it('few bytes of JPEG 2000 that ask the decoder for gigabytes are refused', async () => {
  const side = 2000;
  const frame = (sizes: Buffer) => {
    for (const [at, value] of [
      [ACROSS, side],
      [DOWN, side],
      [TILE, side],
      [TILE + 4, side],
    ] as const)
      sizes.writeUInt32BE(value, 4 + at);
    // Precincts of 2 × 2 pixels, of each of which the decoder makes notes: a byte for each of its resolutions, behind what tells how it is coded.
    const coding = sizes.indexOf(Buffer.of(0xff, 0x52));
    const [end, levels] = [coding + 14, sizes[coding + 9] ?? 0];
    sizes[coding + 3] = 12 + levels + 1;
    sizes[coding + 4] = 1;
    return Buffer.concat([sizes.subarray(0, end), Buffer.alloc(levels + 1, 0x11), sizes.subarray(end)]);
  };
  const file = saying(saying(withFrame(fixture('gray-8.j2k.dcm'), frame), 0x10, side), 0x11, side);
  await expectRejection(() => storedIn(file), 'takes more than 126 MiB to decode', 'gdcmconv');
});
