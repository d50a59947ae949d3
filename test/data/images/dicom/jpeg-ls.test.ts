import { expect, it } from 'vitest';
import { expectRejection } from '../../support.ts';
import { EDGES, fixture, HEIGHT, mostApart, rough, saying, storedIn, WIDTH, withFrame } from './fixtures.ts';

/** A file with another byte in its JPEG-LS data. @param marker of the segment @param at where, behind its length */
function changing(name: string, marker: number, at: number, value: number): Buffer {
  return withFrame(fixture(name), (frame) => {
    frame[frame.indexOf(Buffer.of(0xff, marker)) + 4 + at] = value;
    return frame;
  });
}

const [FRAME, SCAN] = [0xf7, 0xda];

it.each([
  ['gray-8', rough(8)],
  ['gray-16', rough(16)],
  ['signed-8', rough(8, { isSigned: true })],
  ['signed-16', rough(16, { isSigned: true })],
  ['colour-planes', rough(8, { channels: 3 })],
  ['colour-lines', rough(8, { channels: 3 })],
  ['colour-pixels', rough(8, { channels: 3 })],
] as const)('JPEG-LS without loss has every sample: %s', async (name, samples) => {
  expect(await storedIn(fixture(`${name}.jls.dcm`))).toEqual(samples);
});

it('JPEG-LS with some loss is as near as it promises, and what it carries beyond white is white', async () => {
  const samples = await storedIn(fixture('edges.jls.dcm'));
  expect(mostApart(samples, EDGES)).toBe(2);
  expect(Math.max(...samples)).toBe(4095);
});

it('JPEG-LS that is cut off anywhere is refused at once', { timeout: 10_000 }, async () => {
  for (const name of ['gray-16.jls.dcm', 'colour-planes.jls.dcm', 'colour-pixels.jls.dcm', 'edges.jls.dcm']) {
    const file = fixture(name);
    const begin = file.indexOf(Buffer.of(0xff, 0xd8, 0xff));
    for (let length = begin; length < file.lastIndexOf(Buffer.of(0xff, 0xd9)); length += 3)
      await expectRejection(() => storedIn(file.subarray(0, length)), 'a.dcm is a damaged DICOM file');
  }
});

it('JPEG-LS that ends early is refused', async () => {
  const ended = withFrame(fixture('gray-16.jls.dcm'), (frame) =>
    Buffer.concat([frame.subarray(0, frame.length >> 1), Buffer.of(0xff, 0xd9)]),
  );
  await expectRejection(() => storedIn(ended), 'damaged DICOM file', 'JPEG-LS data is cut off or damaged');
});

it('JPEG-LS whose announcements are not those of its file is refused', async () => {
  const sizes = `announces ${WIDTH} × ${HEIGHT + 1} pixels of one sample, and its JPEG-LS data ${WIDTH} × ${HEIGHT}`;
  await expectRejection(() => storedIn(saying(fixture('gray-8.jls.dcm'), 0x10, HEIGHT + 1)), 'damaged', sizes);
  await expectRejection(() => storedIn(changing('gray-8.jls.dcm', FRAME, 3, 255)), 'damaged', `${255 * 256 + 13} × 11`);
  await expectRejection(
    () => storedIn(changing('gray-8.jls.dcm', FRAME, 0, 12)),
    'its JPEG-LS data 12 bits',
    'gdcmconv',
  );
  await expectRejection(() => storedIn(changing('signed-16.jls.dcm', FRAME, 0, 12)), '12 bits without a sign');
});

it('a few bytes of JPEG-LS that announce many rows are refused', async () => {
  const tall = changing('gray-8.jls.dcm', FRAME, 1, 0x3f);
  await expectRejection(() => storedIn(saying(tall, 0x10, 0x3f00 + HEIGHT)), 'damaged', 'JPEG-LS data is cut off');
});

it('JPEG-LS that the decoder would give wrongly is refused', async () => {
  await expectRejection(
    () => storedIn(changing('gray-8.jls.dcm', SCAN, 2, 1)),
    'tables of what samples mean',
    'gdcmconv',
  );
  await expectRejection(() => storedIn(changing('colour-pixels.jls.dcm', FRAME, 7, 0x21)), 'channels of several sizes');
});
