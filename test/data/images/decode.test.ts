import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { toChannels } from '../../../src/data/images/channels.ts';
import { decodeImage } from '../../../src/data/images/decode.ts';
import { composeGrid } from '../../../src/data/images/grid.ts';
import { encodePng } from '../../../src/data/images/png.ts';
import { expectRejection, put, useTemporaryFolder, withoutRoot } from '../support.ts';

const path = useTemporaryFolder();

describe('decodeImage', async () => {
  it('goes by the content, not by the name', async () => {
    const png = encodePng(2, 1, 1, Uint8Array.of(3, 250));
    for (const name of ['a.png', 'a.jpg', 'a']) {
      expect([...(await decodeImage(put(path(name), png))).pixels]).toEqual([3, 250]);
    }
  });

  it('reads an image of one pixel', async () => {
    const image = await decodeImage(put(path('one.png'), encodePng(1, 1, 3, Uint8Array.of(1, 2, 3))));
    expect(image).toEqual({ width: 1, height: 1, channels: 3, pixels: Uint8Array.of(1, 2, 3) });
  });

  it('refuses what is not an image, and says what it is', async () => {
    await expectRejection(() => decodeImage(put(path('empty.png'), '')), 'empty.png', 'empty (0 bytes)', 'Convert');
    await expectRejection(
      () => decodeImage(put(path('text.png'), 'Hello, this is text')),
      'text.png',
      'it begins as no image does',
    );
    // A link may lead to what nobody is to see.
    const shadow = put(path('shadow.png'), 'root:$6$secret:19000::');
    const told = await decodeImage(shadow).catch((error: Error) => error.message);
    expect(told).not.toMatch(/root|72 6f 6f 74/);
    await expectRejection(() => decodeImage(put(path('bmp.png'), Buffer.from('BM\x00\x01', 'latin1'))), 'no image');
    await expectRejection(() => decodeImage(put(path('short.png'), Buffer.from([0x89, 0x50]))), 'no image');
    await expectRejection(
      () => decodeImage(put(path('signature.png'), encodePng(1, 1, 1, Uint8Array.of(1)).subarray(0, 8))),
      '8 bytes',
    );
  });

  it('refuses what is not a readable file', async () => {
    mkdirSync(path('folder.png'));
    await expectRejection(() => decodeImage(path('folder.png')), 'folder.png', 'folder');
    await expectRejection(() => decodeImage(path('absent.png')), 'absent.png', 'no such file', 'ENOENT');
    await expectRejection(() => decodeImage(path('folder.png', '..', 'absent', 'a.png')), 'ENOENT');
    put(path('file'));
    await expectRejection(() => decodeImage(path('file', 'a.png')), 'ENOTDIR');
    symlinkSync(path('loop.png'), path('loop.png'));
    await expectRejection(() => decodeImage(path('loop.png')), 'loop.png', 'ELOOP');
    chmodSync(put(path('locked.png')), 0);
    chmodSync(path(), 0o755);
    await withoutRoot(() =>
      expectRejection(() => decodeImage(path('locked.png')), 'locked.png', 'EACCES', 'permissions'),
    );
    await expectRejection(() => decodeImage('/dev/zero'), '/dev/zero', 'no regular file');
  });
});

describe('toChannels', () => {
  it('repeats gray', () => {
    const gray = { width: 2, height: 1, channels: 1, pixels: Uint8Array.of(9, 200) } as const;
    expect(toChannels(gray, 3)).toEqual({ ...gray, channels: 3, pixels: Uint8Array.of(9, 9, 9, 200, 200, 200) });
    expect(toChannels(toChannels(gray, 3), 1)).toEqual(gray);
    expect(toChannels(gray, 1)).toBe(gray);
  });

  it("weighs colours as PIL's convert('L') does", () => {
    // Values printed by Pillow for these colours.
    const cases = [
      [255, 0, 0, 76],
      [0, 255, 0, 150],
      [0, 0, 255, 29],
      [255, 255, 255, 255],
      [1, 2, 3, 2],
      [123, 45, 67, 71],
      [200, 100, 50, 124],
      [17, 250, 99, 163],
    ];
    const pixels = Uint8Array.from(cases.flatMap((c) => c.slice(0, 3)));
    const gray = toChannels({ width: cases.length, height: 1, channels: 3, pixels }, 1);
    expect([...gray.pixels]).toEqual(cases.map((c) => c[3]));
  });
});

describe('composeGrid', () => {
  it('places images of different sizes on white', () => {
    const gray = (width: number, height: number, value: number) =>
      ({ width, height, channels: 1, pixels: new Uint8Array(width * height).fill(value) }) as const;
    const grid = composeGrid([[gray(2, 1, 1), gray(1, 2, 2)], [gray(1, 1, 3)]], 1);
    const w = 255;
    expect({ ...grid, pixels: [...grid.pixels] }).toEqual({
      width: 6,
      height: 6,
      channels: 1,
      // biome-ignore format: one line is one row of the picture
      pixels: [
        w, w, w, w, w, w,
        w, 1, 1, w, 2, w,
        w, w, w, w, 2, w,
        w, w, w, w, w, w,
        w, 3, w, w, w, w,
        w, w, w, w, w, w,
      ],
    });
  });

  it('is RGB as soon as one image is', () => {
    const gray = { width: 1, height: 1, channels: 1, pixels: Uint8Array.of(5) } as const;
    const red = { width: 1, height: 1, channels: 3, pixels: Uint8Array.of(200, 0, 0) } as const;
    const grid = composeGrid([[gray, red]], 0);
    expect(grid).toEqual({ width: 2, height: 1, channels: 3, pixels: Uint8Array.of(5, 5, 5, 200, 0, 0) });
  });
});
