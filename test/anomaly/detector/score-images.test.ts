import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { DetectorNetworks } from '../../../src/anomaly/detector/detector-networks.ts';
import { openRunNetworks } from '../../../src/anomaly/detector/run-networks.ts';
import {
  type ImageRequest,
  type ImageResult,
  picturesOf,
  scoreImages,
} from '../../../src/anomaly/detector/score-images.ts';
import { imagesToJudge } from '../../../src/anomaly/evaluation/judged-images.ts';
import { requireMap } from '../../../src/anomaly/maps/list.ts';
import { scoreNamed, scoresFor } from '../../../src/anomaly/scores/list.ts';
import { type DataRecord, fingerprint, readDataRecord, recordData } from '../../../src/cyclegan/run/data-record.ts';
import { type RunFolder, runFolder } from '../../../src/cyclegan/run/run-folder.ts';
import type { Banks } from '../../../src/cyclegan/run/training-banks.ts';
import { readDataset } from '../../../src/data/datasets/layouts.ts';
import { decodeImage } from '../../../src/data/images/decode.ts';
import type { DecodedImage } from '../../../src/data/images/decoded-image.ts';
import { localContrast } from '../../../src/data/images/local-contrast.ts';
import { Device } from '../../../src/gpu/device.ts';
import { CyclopsError, DeviceLostError, OutOfMemoryError } from '../../../src/gpu/errors.ts';
import { Tensor } from '../../../src/tensor/tensor.ts';
import { makeData, temporaryFolder } from '../../cli/support.ts';
import { loadBanks, QUICK, trainNew } from '../../cyclegan/run/trainer-support.ts';
import { expectRefusal } from '../../data/support.ts';
import { differenceMap } from '../../oracles/difference.ts';
import { ssimWindows } from '../../oracles/ssim.ts';

const folder = temporaryFolder();
let device: Device;
let banks: Banks;
let run: RunFolder;
let detector: DetectorNetworks;
let images: DecodedImage[];

beforeAll(async () => {
  device = await Device.open({ checked: true });
  banks = await loadBanks(device, folder.path('data'));
  run = runFolder(folder.path('run'));
  await trainNew(device, banks, run.root, { ...QUICK, steps: 2 });
  detector = openRunNetworks(device, run);
  const paths = ['normal', 'abnormal'].flatMap((label) =>
    readdirSync(folder.path('data', label)).map((name) => folder.path('data', label, name)),
  );
  images = await Promise.all(paths.map((path) => decodeImage(path)));
});

afterAll(() => {
  device.close();
  folder.remove();
});

async function collect(results: AsyncIterable<ImageResult>): Promise<ImageResult[]> {
  const all: ImageResult[] = [];
  for await (const result of results) all.push(result);
  return all;
}

/** Everything of each image. */
const all =
  (request: Partial<ImageRequest> = {}) =>
  () => ({ scores: scoresFor(detector.networks), ...request });
const shown = () => ({ ...all()(), maps: [requireMap('residual5')], pictures: true });

const sum = (values: ArrayLike<number>, term: (value: number, i: number) => number) =>
  Array.from(values).reduce((total, value, i) => total + term(value, i), 0);

/** The definitions of method.md, in the plainest words, from what the networks return. */
async function plainScores(image: DecodedImage): Promise<Record<string, number>> {
  const { G_A, G_B, D_A, D_B } = detector.networks;
  const x = Float32Array.from(image.pixels, (byte) => byte / 127.5 - 1);
  const input = Tensor.from(device, x, [1, 32, 32, 3]);
  const [normal, abnormal] = [await G_A.forward(input).data(), await G_B.forward(input).data()];
  const [dn, da] = [await D_A.forward(input).data(), await D_B.forward(input).data()];
  const xHat = Tensor.from(device, normal, [1, 32, 32, 3]);
  const back = await G_B.forward(xHat).data();
  const features = [await D_A.hidden(input).at(-1)!.data(), await D_A.hidden(xHat).at(-1)!.data()] as const;
  const similarities = ssimWindows(x, normal, [1, 32, 32, 3])[0] ?? [];
  const hottest = (side: number) => Math.max(...differenceMap('absolute', x, normal, [1, 32, 32, 3], side));
  const excess = (side: number) => differenceMap('signed', x, normal, [1, 32, 32, 3], side);
  const mean = (values: ArrayLike<number>) => sum(values, (value) => value) / values.length;
  const sse = (y: Float32Array) => sum(x, (value, i) => (value - (y[i] ?? 0)) ** 2);
  return {
    sse: sse(normal),
    l1: sum(x, (value, i) => Math.abs(value - (normal[i] ?? 0))) / x.length,
    l8: (sum(x, (value, i) => (value - (normal[i] ?? 0)) ** 8) / x.length) ** (1 / 8),
    max: hottest(1),
    blurmax: hottest(5),
    blurmax_ms: [3, 5, 9, 17].reduce((total, side) => total + hottest(side), 0) / 4,
    excess: Math.max(...excess(3).map((value) => Math.abs(value - mean(excess(1))))),
    darkmax: -Math.min(...excess(5)),
    brightmax: Math.max(...excess(5)),
    ssim: 1 - mean(similarities),
    ssim_min: 1 - Math.min(...similarities),
    features: sum(features[0], (value, i) => (value - (features[1][i] ?? 0)) ** 2) / features[0].length,
    cycle: sum(x, (value, i) => Math.abs(value - (back[i] ?? 0))) / x.length,
    dn: -mean(dn),
    dn_max: -Math.min(...dn),
    da_dn: mean(da) - mean(dn),
    da_dn_max: Math.max(...da.map((logit, i) => logit - (dn[i] ?? 0))),
    ratio: sse(normal) / sse(abnormal),
  };
}

describe('scoreImages', () => {
  it('goes on after an image that is wrong in itself, and ends where anything else is', async () => {
    const { loadSize } = detector.shown;
    const failing = (error: Error): DetectorNetworks => ({
      ...detector,
      shown: {
        ...detector.shown,
        loadSize: (size) => {
          if (size.width === 9) throw error;
          return typeof loadSize === 'function' ? loadSize(size) : size;
        },
      },
    });
    const odd: DecodedImage = { width: 9, height: 9, channels: 3, pixels: new Uint8Array(243) };
    const mixed = [odd, ...images.slice(0, 2), odd, ...images.slice(2)];
    const faults: string[] = [];
    const own = failing(new CyclopsError('too large'));
    const results = await collect(
      scoreImages(own, mixed, all(), (index, { message }) => faults.push(`${index} ${message}`)),
    );
    expect(faults).toEqual(['0 too large', '3 too large']);
    expect(results).toEqual(await collect(scoreImages(detector, images, all())));

    await expect(collect(scoreImages(own, mixed, all()))).rejects.toThrow('too large');
    for (const error of [new DeviceLostError('gone'), new RangeError('ours')])
      await expect(collect(scoreImages(failing(error), mixed, all(), () => {}))).rejects.toBe(error);
  });

  it('tries once more where memory was missing, and else says of which size the image is', async () => {
    const { loadSize } = detector.shown;
    let missing = 1;
    const scarce: DetectorNetworks = {
      ...detector,
      shown: {
        ...detector.shown,
        loadSize: (size) => {
          if (size.width === 9 && missing-- > 0) throw new OutOfMemoryError('The device is full.');
          return typeof loadSize === 'function' ? loadSize(size) : size;
        },
      },
    };
    const odd: DecodedImage = { width: 9, height: 7, channels: 3, pixels: new Uint8Array(189) };
    const trim = vi.spyOn(device, 'trim');
    const faults: string[] = [];
    const tryIt = () => collect(scoreImages(scarce, [odd], all(), (_, { message }) => faults.push(message)));
    expect(await tryIt()).toHaveLength(1);
    expect([faults, trim.mock.calls.length]).toEqual([[], 1]);
    missing = 2;
    expect(await tryIt()).toHaveLength(0);
    expect(faults).toEqual(['The device is full. It was to judge one image of 9 × 7 pixels, alone.']);
    trim.mockRestore();
  });

  it('computes what the definitions say', async () => {
    const results = await collect(scoreImages(detector, images, all()));
    expect(results).toHaveLength(images.length);
    for (const [i, image] of images.entries()) {
      const expected = await plainScores(image);
      for (const [name, value] of Object.entries(expected)) {
        const found = results[i]?.scores[name] ?? Number.NaN;
        expect(Math.abs(found - value), name).toBeLessThan(1e-4 * Math.max(1, Math.abs(value)));
      }
    }
  });

  it.each<[string[] | 'all', Record<string, number>]>([
    [['dn', 'dn.top5'], { hidden: 1, judge: 1 }],
    [['sse', 'ssim_min', 'excess9.top1', 'contrast.p8'], { G_A: 1 }],
    [['cycle'], { G_A: 1, G_B: 1 }],
    [['dn', 'features', 'dn_features1.max'], { G_A: 1, hidden: 2, judge: 1 }],
    [['da.mean', 'da_features2.mean'], { G_A: 1, hiddenOfA: 2, judgeOfA: 1 }],
    [['ratio', 'residual_difference.mean'], { G_A: 1, G_B: 1 }],
    ['all', { G_A: 1, G_B: 2, hiddenOfA: 1, judgeOfA: 1, hidden: 2, judge: 1 }],
  ])('for %j the networks run no more often than needed', async (names, passes) => {
    const { G_A, G_B, D_A, D_B } = detector.networks;
    const every = scoresFor(detector.networks);
    const wanted = names === 'all' ? every : names.flatMap((name) => scoreNamed(name) ?? []);
    const [whole] = await collect(scoreImages(detector, images.slice(0, 1), all({ scores: [...every, ...wanted] })));
    const spies = {
      G_A: vi.spyOn(G_A, 'forward'),
      G_B: vi.spyOn(G_B, 'forward'),
      hiddenOfA: vi.spyOn(D_B, 'hidden'),
      judgeOfA: vi.spyOn(D_B, 'judge'),
      hidden: vi.spyOn(D_A, 'hidden'),
      judge: vi.spyOn(D_A, 'judge'),
    };
    const [one] = await collect(scoreImages(detector, images.slice(0, 1), () => ({ scores: wanted })));
    for (const [name, spy] of Object.entries(spies)) {
      expect(spy.mock.calls.length, name).toBe(passes[name] ?? 0);
      spy.mockRestore();
    }
    expect(one?.scores).toEqual(Object.fromEntries(wanted.map(({ info }) => [info.name, whole?.scores[info.name]])));
  });

  it('shows the image as the networks saw it, its reconstruction, and the map that the blurred maximum is taken from', async () => {
    const [result] = await collect(scoreImages(detector, images.slice(0, 1), shown));
    const { input, reconstruction, heatmap } = (result && picturesOf(result, 'residual5')) ?? {};
    expect(input?.pixels).toEqual(images[0]?.pixels);
    expect(reconstruction).toMatchObject({ width: 32, height: 32, channels: 3 });
    expect(heatmap).toHaveLength(32 * 32);
    expect(Math.max(...(heatmap ?? []))).toBe(result?.scores.blurmax);
  });

  it('evens out light and contrast first where the run did', async () => {
    const even = runFolder(folder.path('even'));
    await trainNew(device, banks, even.root, { ...QUICK, steps: 1, localContrast: true });
    const other = openRunNetworks(device, even);
    const [result] = await collect(scoreImages(other, images.slice(0, 1), shown));
    expect(result?.pictures?.input.pixels).toEqual(localContrast(images[0]!).pixels);
    other.dispose();
  });

  it('gives each image the same bits alone, in a group and across groups', async () => {
    const many = Array.from({ length: 35 }, (_, i) => images[i % images.length]!);
    const every = await collect(scoreImages(detector, many, all()));
    expect(every).toHaveLength(35);
    const alone = await collect(scoreImages(detector, images, all()));
    for (const [i, { scores }] of every.entries()) expect(scores).toEqual(alone[i % images.length]?.scores);
  });

  it('keeps pictures only where asked, decodes as it goes, and its memory does not grow', async () => {
    let decoded = 0;
    function* endless() {
      for (let i = 0; i < 100; i++) {
        decoded += 1;
        yield images[i % images.length]!;
      }
    }
    const before = device.pool.use.liveBytes;
    const live: number[] = [];
    let index = 0;
    for await (const { pictures } of scoreImages(detector, endless(), (i) => (i % 40 === 3 ? shown() : all()()))) {
      expect(pictures !== null).toBe(index % 40 === 3);
      live.push(device.pool.use.liveBytes);
      // The next batch is decoded while the device works on one, and no more.
      expect(decoded - index).toBeGreaterThan(Math.min(8, 99 - index));
      expect(decoded - index).toBeLessThanOrEqual(16);
      index += 1;
    }
    expect(index).toBe(100);
    expect(Math.max(...live.slice(50))).toBeLessThanOrEqual(Math.max(...live.slice(0, 50)));
    expect(device.pool.use.liveBytes).toBe(before);
  });

  it('resizes what is rectangular, gray or tiny', async () => {
    const odd: DecodedImage[] = [
      { width: 50, height: 20, channels: 1, pixels: new Uint8Array(1000).fill(90) },
      { width: 1, height: 1, channels: 3, pixels: Uint8Array.of(1, 2, 3) },
    ];
    for (const { scores, pictures } of await collect(scoreImages(detector, odd, shown))) {
      expect(pictures?.input).toMatchObject({ width: 32, height: 32, channels: 3 });
      for (const value of Object.values(scores)) expect(Number.isFinite(value)).toBe(true);
    }
  });
});

const fingerprints = ({ images }: DataRecord) => images.map(({ sha256 }) => fingerprint(sha256));

describe('imagesToJudge', () => {
  it('leaves out what trained, by content and not by name', () => {
    const root = makeData(folder.path('leak'), { normal: 4, abnormal: 4 });
    const dataset = readDataset(root);
    const training = dataset.images.filter(({ file }) => /[01]\.png$/.test(file));
    const seen = fingerprints(recordData(root, training));
    writeFileSync(join(root, 'normal', 'renamed.png'), readFileSync(join(root, 'normal', '0.png')));

    const { judged, leftOut } = imagesToJudge(readDataset(root), seen);
    expect(judged.map(({ file }) => file)).toEqual([
      'abnormal/2.png',
      'abnormal/3.png',
      'normal/2.png',
      'normal/3.png',
    ]);
    expect(leftOut).toBe(5);
    expectRefusal(() => imagesToJudge({ ...dataset, images: training }, seen), 'trained or calibrated this run');
  });

  it('judges a named test part whole, with what trained, and reads none of it', () => {
    const root = makeData(folder.path('named'), { normal: 2, abnormal: 2 });
    const dataset = readDataset(root);
    const seen = fingerprints(recordData(root, dataset.images.slice(0, 1)));
    const test = { ...dataset, images: dataset.images.map((image) => ({ ...image, part: 'test' as const })) };
    for (const { path } of test.images) rmSync(path);
    expect(imagesToJudge(test, seen)).toEqual({ judged: test.images, leftOut: 0 });
  });

  it('a record keeps groups', () => {
    const root = makeData(folder.path('grouped'), { normal: 2, abnormal: 2 });
    const images = readDataset(root).images.map((image, i) => (i === 1 ? { ...image, group: 'bolt 7' } : image));
    const record = recordData(root, images);
    writeFileSync(folder.path('grouped.json'), JSON.stringify(record));
    expect(readDataRecord(folder.path('grouped.json'))).toEqual(record);
    expect(record.images.map(({ group }) => group)).toEqual([undefined, 'bolt 7', undefined, undefined]);
  });

  it('a record that is damaged is refused', () => {
    writeFileSync(folder.path('data.json'), '{"root": "x", "hash": "y", "images": [{"file": 1}]}');
    expectRefusal(() => readDataRecord(folder.path('data.json')), 'data.json', 'record');
  });

  it('a record of which a digit, a label or a part has changed is refused', () => {
    const images = readDataset(makeData(folder.path('hashed'), { normal: 2, abnormal: 2 })).images;
    const path = folder.path('hashed.json');
    const record = recordData(folder.path('hashed'), images.slice(1), images.slice(0, 1));
    const written = JSON.stringify(record);
    writeFileSync(path, written);
    expect(readDataRecord(path)).toEqual(record);
    const changes: [RegExp, string][] = [
      [/"sha256":"./, '"sha256":"x'],
      [/"label":"abnormal"/, '"label":"normal"'],
      [/"part":"calibration"/, '"part":"train"'],
      [/"hash":"./, '"hash":"x'],
    ];
    for (const [what, by] of changes) {
      const digit = written.match(what)?.[0].at(-1) === '0' ? '1' : '0';
      writeFileSync(path, written.replace(what, by.replace(/x$/, digit)));
      expectRefusal(() => readDataRecord(path), 'hashed.json does not have the hash', 'edited by hand', 'Restore it');
    }
  });
});
