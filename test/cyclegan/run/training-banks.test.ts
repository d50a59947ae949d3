import { afterAll, beforeAll, expect, it } from 'vitest';
import { imageOptions, type TrainingConfig } from '../../../src/cyclegan/config.ts';
import { loadImages, makeBanks } from '../../../src/cyclegan/run/training-banks.ts';
import { toImage } from '../../../src/cyclegan/tensor-image.ts';
import { damage } from '../../../src/data/defects/damage.ts';
import { cutOut, transplant } from '../../../src/data/defects/transplant.ts';
import type { ImageBank } from '../../../src/data/images/bank.ts';
import { toChannels } from '../../../src/data/images/channels.ts';
import type { DecodedImage } from '../../../src/data/images/decoded-image.ts';
import { localContrast } from '../../../src/data/images/local-contrast.ts';
import { asPlanes, type Planes } from '../../../src/data/images/planes.ts';
import { Device } from '../../../src/gpu/device.ts';
import { RandomStream } from '../../../src/tensor/random.ts';
import { temporaryFolder } from '../../cli/support.ts';
import { loadBanks, QUICK } from './trainer-support.ts';

const folder = temporaryFolder();
let device: Device;
beforeAll(async () => {
  device = await Device.open({ checked: true });
});
afterAll(() => {
  device.close();
  folder.remove();
});

const SIDE = 32;
const square = Uint32Array.from({ length: 25 }, (_, i) => (10 + Math.floor(i / 5)) * SIDE + 12 + (i % 5));

/** Three abnormal images, of which the first has a mask, and four normal ones. */
async function banksOf(changes: Partial<TrainingConfig>) {
  const { a, b } = await loadBanks(device, folder.path(`data-${Math.random()}`));
  return makeBanks(device, { a, b, defects: [square, null, null] }, { ...QUICK, loadSize: SIDE, ...changes });
}

async function pixelsOf(bank: ImageBank, index: number): Promise<number[]> {
  const tensor = bank.whole(index);
  const { pixels } = await toImage(tensor);
  tensor.dispose();
  return [...pixels];
}

it('leaves banks as they are unless something is to be made', async () => {
  const banks = await banksOf({});
  expect(banks).toMatchObject({
    ...{ counts: { a: 3, b: 4, made: 0 }, small: null, masks: null, unmasked: true },
    defects: [square, null, null],
  });
  expect(banks.a.count).toBe(3);
  expect((await banksOf({ cropDefects: false })).defects).toEqual([]);
});

it('has a mask for each image: that of the image, gray where nobody knows, and that of what was made', async () => {
  const banks = await banksOf({ netD: 'unet', domainCrops: 2, transplants: 2, damage: 1 });
  const masks = banks.masks ?? expect.fail('no masks');
  expect(masks.count).toBe(banks.a.count);
  expect(banks.counts.made).toBe(banks.a.count - 3);
  // Of 12 some may have come to lie outside.
  expect(banks.counts.made).toBeGreaterThan(6);
  const first = await pixelsOf(masks, 0);
  expect(first.flatMap((value, i) => (value > 0 ? [i] : []))).toEqual([...square]);
  expect(new Set(first)).toEqual(new Set([0, 255]));
  expect(new Set(await pixelsOf(masks, 1))).toEqual(new Set([128]));
  for (let index = 3; index < banks.a.count; index++) {
    const mask = await pixelsOf(masks, index);
    expect(mask.flatMap((value, i) => (value > 0 ? [i] : []))).toEqual([...(banks.defects[index] ?? [])]);
    expect(new Set(mask)).toEqual(new Set([0, 255]));
  }
});

it('makes the same from the same seed and something else from another', async () => {
  const made = async (seed: number) => {
    const { a } = await banksOf({ transplants: 1, damage: 1, seed });
    return Promise.all(Array.from({ length: a.count }, (_, index) => pixelsOf(a, index)));
  };
  const [first, again, other] = [await made(3), await made(3), await made(4)];
  expect(again).toEqual(first);
  expect(other).not.toEqual(first);
});

it('transplants nothing where no image has a mask', async () => {
  const { a, b } = await loadBanks(device, folder.path('unmasked'));
  const banks = await makeBanks(
    device,
    { a, b, defects: [null, null, null] },
    { ...QUICK, loadSize: SIDE, transplants: 3 },
  );
  expect(banks.counts.made).toBe(0);
});

it('appends smaller copies of all images and their masks, where any pixel that a defect touches is inside', async () => {
  const banks = await banksOf({ netD: 'unet', domainCrops: 2, damage: 1, cropSize: 8, shrink: 0.5 });
  const { a, b, counts, small } = banks;
  const masks = banks.masks ?? expect.fail('no masks');
  const all = counts.a + counts.made;
  expect([a.count, b.count, masks.count]).toEqual([2 * all, 8, 2 * all]);
  expect(small?.side).toBe(16);
  expect(small?.defects).toHaveLength(all);
  // Rows 10 to 14 and columns 12 to 16 touch rows 5 to 7 and columns 6 to 8.
  const touched = [5, 6, 7].flatMap((y) => [6, 7, 8].map((x) => y * 16 + x));
  expect([...(small?.defects[0] ?? [])].sort((p, q) => p - q)).toEqual(touched);
  expect(small?.defects[1]).toBeNull();
  for (const [bank, count] of [
    [a, all],
    [b, counts.b],
  ] as const) {
    for (let index = 0; index < count; index++) {
      expect(bank.size(count + index)).toEqual({ width: 16, height: 16 });
      const [large, copy] = [await pixelsOf(bank, index), await pixelsOf(bank, count + index)];
      const mean = (pixels: number[]) => pixels.reduce((sum, pixel) => sum + pixel, 0) / pixels.length;
      expect(Math.abs(mean(copy) - mean(large))).toBeLessThan(2);
    }
  }
  const inside = (await pixelsOf(masks, all)).flatMap((value, i) => (value > 0 ? [i] : []));
  expect(inside).toEqual(touched);
  expect(new Set(await pixelsOf(masks, all + 1))).toEqual(new Set([128]));
});

it('makes smaller copies no smaller than crops', async () => {
  const { small } = await banksOf({ domainCrops: 2, cropSize: 24, shrink: 0.5 });
  expect(small?.side).toBe(24);
});

const PLANES: Planes = ['near', 'mirror', 'whole'];

it.each([
  ['evened out', { localContrast: true }],
  ['shown as planes', { planes: PLANES }],
])('makes defects on images as they are where they are %s', async (_, changes) => {
  const random = new RandomStream(Math.floor(Math.random() * 2 ** 32), 0);
  const images = Array.from({ length: 4 }, (): DecodedImage => {
    const pixels = Uint8Array.from({ length: 3 * SIDE * SIDE }, () => 90 + random.integer(70));
    return { width: SIDE, height: SIDE, channels: 3, pixels };
  });
  const config = { ...QUICK, loadSize: SIDE, transplants: 2, damage: 2, seed: random.integer(1000), ...changes };
  const options = { ...imageOptions(config), loadSize: { width: SIDE, height: SIDE } };
  const load = (label: 'abnormal' | 'normal', of: DecodedImage[]) => loadImages(device, label, of, config, options);
  const [abnormal, normal] = [await load('abnormal', images.slice(0, 1)), await load('normal', images.slice(1))];
  const bare = { a: abnormal.bare, b: normal.bare };
  const { a, counts } = await makeBanks(device, { a: abnormal.bank, b: normal.bank, bare, defects: [square] }, config);
  const draws = new RandomStream(config.seed, 5);
  const shown = (image: DecodedImage) => (config.localContrast ? localContrast(image) : asPlanes(image, PLANES));
  const [donor, ...grounds] = images.map((image) => toChannels(image, config.localContrast ? 3 : 1));
  const mask = new Uint8Array(SIDE * SIDE);
  for (const pixel of square) mask[pixel] = 1;
  const defect = (donor && cutOut(donor, mask)) ?? expect.fail('nothing was cut out');
  const expected = grounds.flatMap((ground) => {
    const transplanted = [1, 2].map(() => {
      draws.integer(1);
      return transplant(ground, defect, draws);
    });
    const made = [...transplanted, ...[1, 2].map(() => damage(ground, draws))];
    return made.flatMap(({ image, mask }) => (mask.includes(1) ? [shown(image)] : []));
  });
  expect(counts.made).toBe(expected.length);
  for (const [i, { pixels }] of expected.entries()) expect((await a.image(1 + i)).pixels).toEqual(pixels);
  expect([abnormal.bare?.count, normal.bare?.count]).toEqual([0, 0]);
});

it.each([
  ['abnormal', { damage: 1, localContrast: true }],
  ['abnormal', { transplants: 1 }],
  ['normal', { damage: 1 }],
  ['normal', { localContrast: true }],
] as const)('keeps no %s images as they are with %o', async (label, changes) => {
  const config = { ...QUICK, damage: 0, transplants: 0, ...changes };
  const { bare } = await loadImages(device, label, [], config, { ...imageOptions(config), loadSize: null });
  expect(bare).toBeNull();
});
