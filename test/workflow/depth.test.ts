import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readDataset } from '../../src/data/datasets/layouts.ts';
import { encodePng } from '../../src/data/images/png.ts';
import { Detector, Device } from '../../src/detector.ts';
import { trainingRange } from '../../src/workflow/images/training-range.ts';
import { calibrate, score, train } from '../../src/workflow.ts';
import { SMALL_CONFIG, temporaryFolder } from '../cli/support.ts';
import { makeTiff } from '../data/images/make-tiff.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });
const folder = temporaryFolder();
let device: Device;
beforeAll(async () => {
  device = await Device.open();
});
afterAll(() => {
  device.close();
  folder.remove();
});

const SIDE = 32;
/** A plate as a camera of 12 bits sees it in files of 16: 2000 and a little noise, with a disc 2.4 % brighter where it is defective. */
function plate(defective: boolean, seed: number): Uint16Array {
  const [x0, y0] = [10 + (seed % 5) * 3, 9 + (seed % 7) * 2];
  return Uint16Array.from({ length: SIDE * SIDE }, (_, i) => {
    const inside = ((i % SIDE) - x0) ** 2 + (Math.floor(i / SIDE) - y0) ** 2 < 20;
    return 2000 + ((i * 7919 + seed * 104729) % 13) + (defective && inside ? 100 : 0);
  });
}

function put(path: string, pixels: Uint8Array | Uint16Array): string {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, encodePng(SIDE, SIDE, 1, pixels));
  return path;
}

function plates(root: string): string {
  for (let i = 0; i < 12; i++) {
    put(join(root, 'normal', `${i}.png`), plate(false, i));
    put(join(root, 'abnormal', `${i}.png`), plate(true, 50 + i));
  }
  return root;
}

describe('a camera of 12 bits in files of 16', () => {
  it('is trained and judged in its own range, which the run keeps', async () => {
    const data = plates(folder.path('plates'));
    const warnings: string[] = [];
    const common = { device, tune: false, onWarning: (line: string) => warnings.push(line) };
    const { range: _, ...config } = {
      ...SMALL_CONFIG,
      ...({ inputNc: 1, steps: 4, checkpointInterval: 4, sampleInterval: 0 } as const),
    };
    const { run } = await train({ ...common, data, out: folder.path('run'), config });
    expect(warnings.join(' ')).toMatch(/more than 8 bits .* values from 2000 to 2112/);
    expect(JSON.parse(readFileSync(join(run, 'checkpoint', 'config.json'), 'utf8')).range).toEqual({
      min: 2000,
      max: 2112,
    });

    const [good, bad] = [put(folder.path('good.png'), plate(false, 90)), put(folder.path('bad.png'), plate(true, 91))];
    const eight = put(folder.path('eight.png'), new Uint8Array(SIDE * SIDE).fill(9));
    const results = [];
    for await (const result of score({ ...common, model: run, images: [good, bad, eight], pictures: true }))
      results.push(result);
    const levels = results.map((result) =>
      result.status === 'unreadable' ? [] : [...(result.pictures?.input.pixels ?? [])],
    );
    expect(Math.max(...levels[0]!)).toBeLessThan(30);
    expect(Math.max(...levels[1]!)).toBeGreaterThan(220);
    expect(results[2]).toMatchObject({ status: 'unreadable', reason: expect.stringMatching(/8 bits .* 2000 to 2112/) });

    // The same image given as samples, as a program has them, and as a file.
    const detector = await Detector.open(join(run, 'model.safetensors'), { device });
    const samples = { width: SIDE, height: SIDE, channels: 1 as const, pixels: plate(true, 91) };
    const [ofSamples, ofFile] = [await detector.score(samples), await detector.score(readFileSync(bad))];
    expect(ofSamples.scores).toEqual(ofFile.scores);
    detector.dispose();
    await calibrate({ ...common, run, rule: 'zfn' });
    await expect(train({ ...common, data, out: run, resume: true, config: { range: 'full' } })).rejects.toThrow(
      /--range full differs from the 2000,2112/,
    );
  });

  it('may have normal images alone, whose damaged copies keep the depth', async () => {
    const data = folder.path('alone');
    for (let i = 0; i < 10; i++) put(join(data, `${i}.png`), plate(false, i));
    const config = { ...SMALL_CONFIG, inputNc: 1 as const, range: { min: 0, max: 4095 }, steps: 2, sampleInterval: 0 };
    const { calibration } = await train({ device, tune: false, data, out: folder.path('run-alone'), config });
    expect(calibration?.chosenOn).toBe('damage');
    const unkept = { ...config, range: { min: -0.5, max: 1 } };
    await expect(train({ device, tune: false, data, out: folder.path('run-none'), config: unkept })).rejects.toThrow(
      /Values from -0\.5 to 1 .* Convert the images to 16 bits/,
    );
    expect(existsSync(folder.path('run-none'))).toBe(false);
  });
});

describe('the range of a training part', () => {
  const rangeOf = async (name: string, files: (Uint8Array | Uint16Array)[]) => {
    const root = folder.path(name);
    files.forEach((pixels, i) => {
      put(join(root, 'normal', `${i}.png`), pixels);
      put(join(root, 'abnormal', `${i}.png`), pixels);
    });
    const { images, ...dataset } = readDataset(root);
    const warnings: string[] = [];
    const range = await trainingRange(
      { ...dataset, images: images.map((image) => ({ ...image, part: 'train' as const })) },
      (line) => warnings.push(line),
    );
    return { range, warnings };
  };
  const [eight, deep] = [new Uint8Array(SIDE * SIDE).fill(7), plate(true, 3)];

  it('is full of 8 bits, without a word', async () => {
    expect(await rangeOf('eight', [eight, eight])).toEqual({ range: 'full', warnings: [] });
  });

  it('is full where some have more bits, and says so', async () => {
    const { range, warnings } = await rangeOf('mixed', [eight, deep]);
    expect(range).toBe('full');
    expect(warnings.join()).toMatch(/^2 of 4 training images have more than 8 bits/);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'leaves out a float that is %s',
    async (odd) => {
      const root = folder.path(`${odd}`);
      const floats = Float32Array.of(0.25, odd, 0.5, 0.75);
      for (const label of ['normal', 'abnormal']) {
        mkdirSync(join(root, label), { recursive: true });
        writeFileSync(join(root, label, 'a.tif'), makeTiff(2, 2, floats));
      }
      const { images, ...dataset } = readDataset(root);
      const trained = images.map((image) => ({ ...image, part: 'train' as const }));
      expect(await trainingRange({ ...dataset, images: trained }, undefined)).toEqual({ min: 0.25, max: 0.75 });
    },
  );

  it('leaves out files that cannot be read, and is full where all values are one', async () => {
    expect((await rangeOf('flat', [new Uint16Array(SIDE * SIDE).fill(300)])).range).toBe('full');
    const root = folder.path('deep');
    const first = await rangeOf('deep', [deep, deep]);
    writeFileSync(join(root, 'normal', '9.png'), 'no image');
    expect(first.range).toEqual({ min: 2000, max: 2112 });
    expect((await rangeOf('deep', [deep, deep])).range).toEqual({ min: 2000, max: 2112 });
  });
});
