import { afterAll, beforeAll, expect, it } from 'vitest';
import { alikeInBatches, scoreEmpty } from '../../../src/anomaly/detector/empty-images.ts';
import { openRunNetworks } from '../../../src/anomaly/detector/run-networks.ts';
import { type ImageResult, scoreImages } from '../../../src/anomaly/detector/score-images.ts';
import { requireMap } from '../../../src/anomaly/maps/list.ts';
import { scoresFor } from '../../../src/anomaly/scores/list.ts';
import { runFolder } from '../../../src/cyclegan/run/run-folder.ts';
import { makeBanks } from '../../../src/cyclegan/run/training-banks.ts';
import { decodeImage } from '../../../src/data/images/decode.ts';
import type { DecodedImage } from '../../../src/data/images/decoded-image.ts';
import type { Device } from '../../../src/gpu/device.ts';
import { openPoisoned } from '../../autograd/support.ts';
import { temporaryFolder } from '../../cli/support.ts';
import { loadBanks, QUICK, trainNew } from '../../cyclegan/run/trainer-support.ts';

const folder = temporaryFolder();
let device: Device;
let images: DecodedImage[];

beforeAll(async () => {
  device = await openPoisoned();
  const config = { ...QUICK, steps: 2, netD: 'unet', cropSize: 24 } as const;
  const square = Uint32Array.from({ length: 36 }, (_, i) => (9 + Math.floor(i / 6)) * 32 + 11 + (i % 6));
  const { a, b } = await loadBanks(device, folder.path('data'));
  const banks = await makeBanks(device, { a, b, defects: [square, null, square] }, config);
  await trainNew(device, banks, folder.path('whole'), config);
  await trainNew(device, banks, folder.path('crops'), { ...config, judgeCrops: true });
  images = await Promise.all([0, 1, 2].map((i) => decodeImage(folder.path('data', 'normal', `${i}.png`))));
});
afterAll(() => {
  device.close();
  folder.remove();
});

async function judged(run: string, of: readonly DecodedImage[]): Promise<ImageResult[]> {
  const detector = openRunNetworks(device, runFolder(folder.path(run)));
  alikeInBatches(detector, scoreEmpty);
  const request = { scores: scoresFor(detector.networks), maps: ['dn_pixels', 'dn'].map(requireMap) };
  const results: ImageResult[] = [];
  for await (const result of scoreImages(detector, of, () => request)) results.push(result);
  detector.dispose();
  return results;
}

it('a run that judges crops scores by their pixels, and all else is as in one that does not', async () => {
  const before = device.pool.use.liveBytes;
  const [whole, crops] = [await judged('whole', images), await judged('crops', images)];
  expect(device.pool.use.liveBytes).toBe(before);
  for (const [i, result] of crops.entries()) {
    expect(result.maps.dn).toEqual(whole[i]?.maps.dn);
    expect(result.maps.dn_pixels).not.toEqual(whole[i]?.maps.dn_pixels);
    for (const [name, score] of Object.entries(result.scores)) {
      if (name.startsWith('dn_pixels')) expect(score, name).not.toBe(whole[i]?.scores[name]);
      else expect(score, name).toBe(whole[i]?.scores[name]);
    }
    const hottest = Math.max(...(result.maps.dn_pixels ?? []));
    expect(result.scores['dn_pixels.max']).toBeCloseTo(hottest, 5);
  }
});

it('an image has the same bits alone as among others', async () => {
  const together = await judged('crops', images);
  for (const [i, image] of images.entries()) expect((await judged('crops', [image]))[0]).toEqual(together[i]);
});
