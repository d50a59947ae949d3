import { afterAll, beforeAll, expect, it } from 'vitest';
import { imageOptions, type TrainingConfig } from '../../../src/cyclegan/config.ts';
import { loadNormal, makeBanks } from '../../../src/cyclegan/run/training-banks.ts';
import { toImage } from '../../../src/cyclegan/tensor-image.ts';
import { damage } from '../../../src/data/defects/damage.ts';
import { ImageBank } from '../../../src/data/images/bank.ts';
import { toChannels } from '../../../src/data/images/channels.ts';
import type { DecodedImage } from '../../../src/data/images/decoded-image.ts';
import { contrastPlanes, localContrast } from '../../../src/data/images/local-contrast.ts';
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

it.each([
  ['evened out', { localContrast: true }],
  ['shown as planes', { contrastPlanes: true }],
])('damages images as they are where they are %s', async (_, changes) => {
  const random = new RandomStream(Math.floor(Math.random() * 2 ** 32), 0);
  const normal = Array.from({ length: 3 }, (): DecodedImage => {
    const pixels = Uint8Array.from({ length: 3 * SIDE * SIDE }, () => 90 + random.integer(70));
    return { width: SIDE, height: SIDE, channels: 3, pixels };
  });
  const config = { ...QUICK, loadSize: SIDE, damage: 2, seed: random.integer(1000), ...changes };
  const options = { ...imageOptions(config), loadSize: { width: SIDE, height: SIDE } };
  const grounds = await loadNormal(device, normal, config, options);
  const { a, counts } = await makeBanks(device, { ...grounds, a: new ImageBank(device, options), defects: [] }, config);
  const draws = new RandomStream(config.seed, 5);
  const shown = (image: DecodedImage) => (config.localContrast ? localContrast(image) : contrastPlanes(image));
  const expected = normal.flatMap((image) =>
    [1, 2].flatMap(() => {
      const { image: damaged, mask } = damage(toChannels(image, config.localContrast ? 3 : 1), draws);
      return mask.includes(1) ? [shown(damaged)] : [];
    }),
  );
  expect(counts.made).toBe(expected.length);
  for (const [i, { pixels }] of expected.entries()) expect((await a.image(i)).pixels).toEqual(pixels);
  expect(grounds.bare?.count).toBe(0);
});

it('keeps images as they are only where they are damaged and evened out', async () => {
  const options = { ...imageOptions(QUICK), loadSize: null };
  for (const changes of [{ damage: 1 }, { localContrast: true }]) {
    expect((await loadNormal(device, [], { ...QUICK, damage: 0, ...changes }, options)).bare).toBeNull();
  }
});
