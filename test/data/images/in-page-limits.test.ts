import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { seenOtherwise } from '../../../src/data/images/in-page-limits.ts';

const plain = (channels: 3 | 4 = 3) =>
  sharp({ create: { width: 9, height: 7, channels, background: { r: 200, g: 30, b: 90, alpha: 1 } } });
const frames = { raw: { width: 9, height: 14, channels: 3, pageHeight: 7 } } as const;
const animated = () =>
  sharp(
    Uint8Array.from({ length: 9 * 14 * 3 }, (_, i) => (i * 37) % 256),
    frames,
  );

describe('seenOtherwise', () => {
  it('has nothing against what a browser sees as Node does', async () => {
    const files = [
      plain().png().toBuffer(),
      plain().jpeg().toBuffer(),
      plain().jpeg({ progressive: true }).toBuffer(),
      plain().toColourspace('b-w').jpeg().toBuffer(),
      plain().withMetadata({ orientation: 6 }).jpeg().toBuffer(),
      plain().gif().toBuffer(),
      plain().webp().toBuffer(),
      plain(4).webp({ lossless: true }).toBuffer(),
    ];
    for (const file of files) expect(seenOtherwise(await file)).toBeNull();
    for (const bytes of [
      [],
      [0xff, 0xd8],
      [0xff, 0xd8, 0xff, 0xc0],
      [...Buffer.from('GIF89a')],
      [...Buffer.from('RIFFxxxxWEBPVP8X')],
    ])
      expect(seenOtherwise(Uint8Array.from(bytes))).toBeNull();
  });

  it('tells inks, frames and turns', async () => {
    expect(seenOtherwise(await plain().toColourspace('cmyk').jpeg().toBuffer())).toMatch(/four inks/);
    expect(seenOtherwise(await animated().gif().toBuffer())).toMatch(/several frames/);
    expect(seenOtherwise(await animated().webp().toBuffer())).toMatch(/several frames/);
    expect(seenOtherwise(await plain().withMetadata({ orientation: 6 }).webp().toBuffer())).toMatch(/Exif/);
  });

  it('ends, whatever the bytes are', () => {
    for (let round = 0; round < 2000; round++) {
      const start = [[0xff, 0xd8], [...Buffer.from('GIF89a')], [...Buffer.from('RIFF1234WEBPVP8X')]][round % 3] ?? [];
      const bytes = Uint8Array.from([...start, ...Array.from({ length: 200 }, () => Math.floor(Math.random() * 256))]);
      const said = seenOtherwise(bytes);
      expect(said === null || said.length > 0).toBe(true);
    }
  });
});
