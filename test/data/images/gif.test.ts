import sharp, { type GifOptions } from 'sharp';
import { expect, it } from 'vitest';
import { decodeImage } from '../../../src/data/images/decode.ts';
import { gifFrameExtent } from '../../../src/data/images/gif.ts';
import { expectRejection, put, useTemporaryFolder } from '../support.ts';

const path = useTemporaryFolder();

/** Noise fills the table of codes again and again, one colour uses the longest. */
async function gif(width: number, height: number, levels: number, options: GifOptions = {}): Promise<Buffer> {
  const pixels = Uint8Array.from(
    { length: width * height * 3 },
    () => (Math.floor(Math.random() * levels) * 255) / levels,
  );
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .gif({ dither: 0, ...options })
    .toBuffer();
}

/** The file without the last blocks of its pixels. @param share of the blocks that stays */
function withoutEnd(file: Buffer, share: number): Buffer {
  const tableBytes = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  let at = 13 + tableBytes(file[10] ?? 0);
  const skip = () => {
    while (file[at]) at += 1 + (file[at] ?? 0);
    at += 1;
  };
  while (file[at] === 0x21) {
    at += 2;
    skip();
  }
  const begin = at + 10 + tableBytes(file[at + 9] ?? 0) + 1;
  at = begin;
  const ends: number[] = [];
  while (file[at]) {
    at += 1 + (file[at] ?? 0);
    ends.push(at);
  }
  const end = ends[Math.floor(share * ends.length) - 1] ?? begin;
  return Buffer.concat([file.subarray(0, end), Buffer.of(0, 0x3b)]);
}

it.each([
  [1, 1, 2, {}],
  [23, 17, 1, {}],
  [300, 211, 1, {}],
  [64, 64, 2, { colours: 2 }],
  [300, 211, 256, {}],
  [301, 200, 256, { progressive: true }],
  [200, 201, 5, { colours: 16 }],
])(
  'counts the pixels of %i × %i in %i levels %o, and misses those that were cut off',
  async (width, height, levels, options) => {
    const file = await gif(width, height, levels, options);
    expect(gifFrameExtent(file)).toEqual({ announced: width * height, held: width * height });
    expect(await decodeImage(put(path('whole.gif'), file))).toMatchObject({ width, height });
    for (const share of [0, 0.5]) {
      const cut = withoutEnd(file, share);
      expect(gifFrameExtent(cut)?.held).toBeLessThan(width * height);
      await expectRejection(
        () => decodeImage(put(path('cut.gif'), cut)),
        path('cut.gif'),
        `${width * height} pixels and holds`,
      );
    }
  },
);

it('counts nothing where there is no frame, and does not fall over bytes of any kind', () => {
  expect(gifFrameExtent(Buffer.from('GIF89a'))).toBeNull();
  for (let i = 0; i < 200; i++) {
    const bytes = Uint8Array.from({ length: 200 }, () => Math.floor(Math.random() * 256));
    bytes.set(Buffer.from('GIF89a'));
    bytes[10] = 0;
    bytes[13] = 0x2c;
    expect(gifFrameExtent(bytes)?.held).toBeGreaterThanOrEqual(0);
  }
});
