import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { readMask } from '../../../src/data/images/mask.ts';
import { expectRejection, put, useTemporaryFolder } from '../support.ts';
import { makePng } from './make-png.ts';
import { makeTiff } from './make-tiff.ts';

const path = useTemporaryFolder();
const [width, height] = [24, 16];
const isMarked = (x: number, y: number) => (x - 10) ** 2 + (y - 8) ** 2 <= 16;
const marked = Uint8Array.from({ length: width * height }, (_, i) =>
  isMarked(i % width, Math.floor(i / width)) ? 1 : 0,
);

describe('a mask', () => {
  it.each([
    ['black and white', 0, 8, (inside: boolean) => (inside ? 255 : 0)],
    ['of one bit', 0, 1, (inside: boolean) => (inside ? 1 : 0)],
    ['of dark gray and light gray', 0, 8, (inside: boolean) => (inside ? 220 : 20)],
    ['of labels in 8 bits', 0, 8, (inside: boolean) => (inside ? 1 : 0)],
    ['of labels in 16 bits', 0, 16, (inside: boolean) => (inside ? 1 : 0)],
    ['of 16 bits', 0, 16, (inside: boolean) => (inside ? 40000 : 0)],
    ['of which one channel speaks', 2, 8, (inside: boolean, c: number) => (inside && c === 2 ? 200 : 0)],
    ['in its alpha alone', 6, 8, (inside: boolean, c: number) => (c === 3 ? (inside ? 255 : 0) : 90)],
    ['in the alpha of gray alone', 4, 8, (inside: boolean, c: number) => (c === 1 ? (inside ? 255 : 0) : 90)],
    ['in the alpha of gray of 16 bits', 4, 16, (inside: boolean, c: number) => (c === 1 ? (inside ? 65535 : 0) : 90)],
    ['in gray with alpha', 4, 8, (inside: boolean, c: number) => (c === 1 ? 255 : inside ? 255 : 0)],
  ] as const)('%s marks what has half of its own maximum', async (_, colorType, depth, value) => {
    const png = makePng({ width, height, colorType, depth, sample: (x, y, c) => value(isMarked(x, y), c) });
    const mask = await readMask(put(path('m.png'), png));
    expect(mask).toEqual({ width, height, inside: marked, between: 0 });
  });

  it.each([
    ['all of them inside', [128, 255, 255, 255], 1],
    ['one of them amid', [20, 90, 20, 220], 1],
    ['but one', [128, 128, 128, 128], 0],
  ])('of gray levels, %s, says how many pixels lie between', async (_, levels, between) => {
    const png = makePng({ width: 4, height: 1, colorType: 0, depth: 8, sample: (x) => levels[x] ?? 0 });
    expect((await readMask(put(path('m.png'), png))).between).toBe(between);
  });

  it('that is black throughout marks nothing', async () => {
    const black = makePng({ width: 3, height: 2, colorType: 0, depth: 8, sample: () => 0 });
    expect((await readMask(put(path('m.png'), black))).inside).toEqual(new Uint8Array(6));
  });

  it('of floats is refused where a sample is no number, which would leave nothing inside', async () => {
    const file = put(path('m.tif'), makeTiff(3, 1, Float32Array.of(1, Number.NaN, 0)));
    await expectRejection(() => readMask(file), 'm.tif', 'NaN');
  });

  it('that JPEG has smeared marks what it marked, and says how many pixels lie between', async () => {
    const [w, h] = [64, 64];
    const line = (x: number, y: number) => y === Math.round(10 + (x - 5) * 0.75) && x >= 5 && x <= 58;
    const pixels = Uint8Array.from({ length: w * h }, (_, i) => (line(i % w, Math.floor(i / w)) ? 255 : 0));
    const jpeg = await sharp(pixels, { raw: { width: w, height: h, channels: 1 } })
      .jpeg({ quality: 75 })
      .toBuffer();
    const mask = await readMask(put(path('line.jpg'), jpeg));
    const [inside, expected] = [mask.inside, pixels.map((v) => v / 255)];
    const wrong = inside.filter((value, i) => value !== expected[i]).length;
    expect(expected.filter(Boolean).length).toBe(54);
    expect(wrong).toBeLessThan(12);
    expect(mask.between).toBeGreaterThan(300);
  });
});
