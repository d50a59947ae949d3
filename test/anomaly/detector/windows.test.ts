import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { DetectorNetworks } from '../../../src/anomaly/detector/detector-networks.ts';
import { openRunNetworks } from '../../../src/anomaly/detector/run-networks.ts';
import { type ImageResult, scoreImages } from '../../../src/anomaly/detector/score-images.ts';
import { cropImage, windowsOf } from '../../../src/anomaly/detector/windows.ts';
import { requireMap } from '../../../src/anomaly/maps/list.ts';
import { scoreNamed } from '../../../src/anomaly/scores/list.ts';
import { runFolder } from '../../../src/cyclegan/run/run-folder.ts';
import type { DecodedImage, LargeImage } from '../../../src/data/images/decoded-image.ts';
import { Device } from '../../../src/gpu/device.ts';
import { temporaryFolder } from '../../cli/support.ts';
import { loadBanks, QUICK, trainNew } from '../../cyclegan/run/trainer-support.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const folder = temporaryFolder();
let device: Device;
let detector: DetectorNetworks;

beforeAll(async () => {
  device = await Device.open({ checked: true });
  const banks = await loadBanks(device, folder.path('data'));
  await trainNew(device, banks, folder.path('run'), { ...QUICK, steps: 2 });
  detector = openRunNetworks(device, runFolder(folder.path('run')), 512);
});
afterAll(() => {
  device.close();
  folder.remove();
});

function photograph(width: number, height: number): DecodedImage {
  const pixels = Uint8Array.from({ length: width * height * 3 }, (_, i) => 90 + 60 * Math.random() + (i % 3));
  return { width, height, channels: 3, pixels };
}

it.each([
  [1025, 24],
  [30, 5000],
  [2047, 1500],
  [1024, 4096],
  [9999, 10_001],
])('windows of %i × %i pixels are small, and answer for each place of the image once', (width, height) => {
  const large = windowsOf(detector, { width, height });
  expect(large).not.toBeNull();
  const { extent, windows } = large!;
  let area = 0;
  for (const { x, y, width: across, height: along, own } of windows) {
    expect(Math.max(across, along)).toBeLessThanOrEqual(1024);
    expect([across % 4, along % 4]).toEqual([0, 0]);
    expect(Math.min(x - extent.x, y - extent.y)).toBeGreaterThanOrEqual(0);
    expect(x + across).toBeLessThanOrEqual(extent.x + extent.width);
    expect(y + along).toBeLessThanOrEqual(extent.y + extent.height);
    // Its own part lies in it, and no part of another begins there.
    expect(own.x + extent.x).toBeGreaterThanOrEqual(x);
    expect(own.x + own.width + extent.x).toBeLessThanOrEqual(x + across);
    expect(own.y + extent.y).toBeGreaterThanOrEqual(y);
    expect(own.y + own.height + extent.y).toBeLessThanOrEqual(y + along);
    area += own.width * own.height;
    const meets = (other: (typeof windows)[number]) =>
      Math.min(own.x + own.width, other.own.x + other.own.width) > Math.max(own.x, other.own.x) &&
      Math.min(own.y + own.height, other.own.y + other.own.height) > Math.max(own.y, other.own.y);
    expect(windows.filter(meets)).toHaveLength(1);
  }
  expect(area).toBe(extent.width * extent.height);
});

it('an image that one window holds has none, nor has one that is shrunk', () => {
  expect(windowsOf(detector, { width: 1024, height: 1024 })).toBeNull();
  expect(windowsOf({ ...detector, tile: null }, { width: 5000, height: 5000 })).toBeNull();
  // Too narrow for a tile.
  expect(windowsOf(detector, { width: 5000, height: 23 })).toBeNull();
  expect(windowsOf({ ...detector, tile: 20_000 }, { width: 5000, height: 5000 })?.windows.length).toBeGreaterThan(25);
});

it('a large image is as abnormal as its most abnormal window, and its maps and pictures are those of its windows', async () => {
  const image = photograph(1402, 70);
  const { extent, windows } = windowsOf(detector, image)!;
  const map = requireMap('residual5');
  const request = () => ({
    scores: ['sse', 'blurmax', 'dn.top1'].flatMap((name) => scoreNamed(name) ?? []),
    maps: [map],
    pictures: true,
  });
  const collect = async (images: DecodedImage[]) => {
    const results: ImageResult[] = [];
    for await (const result of scoreImages(detector, images, request)) results.push(result);
    return results;
  };
  const before = device.pool.use.liveBytes;
  const [whole] = await collect([image]);
  const parts = await collect(await Promise.all(windows.map((window) => cropImage(image, window))));
  expect(device.pool.use.liveBytes).toBe(before);
  expect(windows).toHaveLength(2);
  for (const [name, score] of Object.entries(whole?.scores ?? {}))
    expect(score).toBe(Math.max(...parts.map(({ scores }) => scores[name] ?? Number.NaN)));
  expect(whole?.extent).toEqual({ width: 1400, height: 68 });
  expect(whole?.size).toEqual({ width: 1402, height: 70 });
  const [x, y] = [extent.x, extent.y];
  for (let row = 0; row < 68; row++) {
    for (let column = 0; column < 1400; column++) {
      const k = windows.findIndex(({ own }) => column >= own.x && column < own.x + own.width);
      const [window, part] = [windows[k]!, parts[k]!];
      const inside = (row + y - window.y) * window.width + column + x - window.x;
      const at = row * 1400 + column;
      if (whole?.maps[map.name]?.[at] !== part.maps[map.name]?.[inside]) expect([row, column]).toBe('the same');
      if (whole?.pictures?.input.pixels[3 * at] !== image.pixels[3 * ((row + y) * 1402 + column + x)])
        expect([row, column]).toBe('the image');
      if (whole?.pictures?.reconstruction.pixels[3 * at + 1] !== part.pictures?.reconstruction.pixels[3 * inside + 1])
        expect([row, column]).toBe('the repair');
    }
  }
});

it('one that is read strip by strip gives the same scores, and no maps; whole, it is refused', async () => {
  const image = photograph(1402, 70);
  const large: LargeImage = {
    width: 1402,
    height: 70,
    rows: (y, height) => cropImage(image, { x: 0, y, width: 1402, height }),
  };
  const scores = ['sse', 'dn.top1'].flatMap((name) => scoreNamed(name) ?? []);
  const found = [];
  const told: [number, number][] = [];
  const request = () => ({ scores, onWindow: (...how: [number, number]) => told.push(how) });
  for await (const result of scoreImages(detector, [image, large], request)) found.push(result);
  expect(found[1]).toEqual({ ...found[0], image: large });
  expect(told.sort()).toEqual([0, 1, 2].flatMap((done) => [1, 2].map(() => [done, 2])));
  const faults: string[] = [];
  const asked = { scores, maps: [requireMap('residual5')], pictures: true };
  for await (const _ of scoreImages(
    detector,
    [large],
    () => asked,
    (_, { message }) => faults.push(message),
  ));
  const whole = { ...detector, tile: null };
  for await (const _ of scoreImages(
    whole,
    [large],
    () => ({ scores }),
    (_, { message }) => faults.push(message),
  ));
  expect(faults).toEqual([expect.stringMatching(/1402 × 70.*no heat map/), expect.stringMatching(/--tile/)]);
});
