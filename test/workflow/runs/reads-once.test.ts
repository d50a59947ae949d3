import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { Device } from '../../../src/index.ts';
import { calibrate } from '../../../src/workflow/calibrate.ts';
import { evaluate } from '../../../src/workflow/evaluate.ts';
import { train } from '../../../src/workflow/train.ts';
import { makeData, SMALL_CONFIG, temporaryFolder } from '../../cli/support.ts';
import { readsIn } from '../reads-in.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const folder = temporaryFolder();
const [data, run] = [folder.path('data'), folder.path('run')];
const PARTS = { train: [0, 1, 2, 3], calibration: [4, 5], test: [6, 7] };
const SIDE = 32;
const config = { ...SMALL_CONFIG, cropDefects: true, steps: 2 };
let device: Device;
let trained: { reads: Map<string, number>; warnings: string[] };

/** Of each kind of file, how often it was opened: one number where all were alike. */
function opened(reads: ReadonlyMap<string, number>, part: keyof typeof PARTS): Record<string, number[]> {
  const counts = (kind: string, ending: string) => {
    const paths = PARTS[part].map((i) => join(data, kind, `${i}.${ending}`));
    return [...new Set(paths.map((path) => reads.get(path) ?? 0))];
  };
  return { normal: counts('normal', 'png'), abnormal: counts('abnormal', 'png'), masks: counts('masks', 'jpg') };
}

/** Every abnormal image has a mask that JPEG has smeared. */
beforeAll(async () => {
  device = await Device.open();
  makeData(data, { normal: 8, abnormal: 8 });
  for (const kind of ['masks', 'pairs']) mkdirSync(join(data, kind));
  for (let i = 0; i < 8; i++) {
    const inside = Uint8Array.from({ length: SIDE * SIDE }, (_, p) => (p % (SIDE + 1) < 2 + i ? 255 : 0));
    const jpeg = sharp(inside, { raw: { width: SIDE, height: SIDE, channels: 1 } }).jpeg({ quality: 40 });
    writeFileSync(join(data, 'masks', `${i}.jpg`), await jpeg.toBuffer());
    copyFileSync(join(data, 'normal', `${i}.png`), join(data, 'pairs', `${i}.png`));
  }
  for (const [part, numbers] of Object.entries(PARTS)) {
    const files = numbers.flatMap((i) => [`normal/${i}.png`, `abnormal/${i}.png`]);
    writeFileSync(join(data, `${part}.txt`), `${files.join('\n')}\n`);
  }
  const warnings: string[] = [];
  const onWarning = (line: string) => warnings.push(line);
  const reads = await readsIn(data, () => train({ device, data, out: run, config, tune: false, onWarning }));
  trained = { reads, warnings };
});
afterAll(() => {
  device.close();
  folder.remove();
});

it('training opens each mask once, and tells once of those that are smeared', () => {
  const { reads, warnings } = trained;
  expect(opened(reads, 'train')).toEqual({ normal: [1], abnormal: [1], masks: [1] });
  // Looked at before the training, and scored after it.
  expect(opened(reads, 'calibration')).toEqual({ normal: [2], abnormal: [2], masks: [1] });
  expect(warnings.filter((line) => line.includes('between black and white'))).toEqual([
    expect.stringMatching(/^4 masks have many pixels/),
  ]);
});

it('calibration opens each image and each mask once, and tells of smeared ones', async () => {
  const before = readFileSync(join(run, 'thresholds.json'), 'utf8');
  const warnings: string[] = [];
  const onWarning = (line: string) => warnings.push(line);
  const { rule } = JSON.parse(before);
  const reads = await readsIn(data, () => calibrate({ device, run, rule, tune: false, onWarning }));
  expect(opened(reads, 'calibration')).toEqual({ normal: [1], abnormal: [1], masks: [1] });
  expect(warnings).toEqual([expect.stringMatching(/^2 masks have many pixels/)]);
  expect(readFileSync(join(run, 'thresholds.json'), 'utf8')).toBe(before);
});

it('calibration does without a mask that cannot be used, and says so', async () => {
  const [file, warnings] = [join(data, 'masks', '4.jpg'), [] as string[]];
  const whole = readFileSync(file);
  const tell = (line: string) => warnings.push(line);
  for (const content of [Buffer.from('Dear diary'), await sharp(whole).resize(SIDE, 8, { fit: 'fill' }).toBuffer()]) {
    writeFileSync(file, content);
    await calibrate({ device, run, tune: false, onWarning: tell });
  }
  writeFileSync(file, whole);
  const left = warnings.filter((line) => line.startsWith('left out'));
  expect(left).toEqual([
    expect.stringMatching(/masks\/4\.jpg .*begins as no image does/),
    expect.stringMatching(/masks\/4\.jpg has 32 × 8 pixels, but its image 32 × 32/),
  ]);
});

it('evaluation opens each mask once, however many figures and pictures are made of it', async () => {
  for (const pictures of [0, 1e6]) {
    const warnings: string[] = [];
    const onWarning = (line: string) => warnings.push(line);
    const reads = await readsIn(data, async () => {
      const found = await evaluate({ device, model: run, data, tune: false, pictures, onWarning });
      expect(found?.pixels?.images).toEqual({ normal: 2, abnormal: 2 });
      expect(found?.steganography.images).toEqual({ normal: 2, abnormal: 2, masked: 2 });
      expect(found?.pairs?.images).toBe(2);
      expect([...(found?.pictures.pictures.values() ?? [])].filter(({ mask }) => mask)).toHaveLength(pictures ? 2 : 0);
    });
    // The header of an image with a mask says whether they have one shape, before any is judged; templates do not fit the memory until then.
    expect(opened(reads, 'test')).toEqual({ normal: [1], abnormal: [2], masks: [1] });
    expect(reads.get(join(data, 'pairs', '6.png'))).toBe(2);
    expect(warnings).toEqual([expect.stringMatching(/^2 masks have many pixels/)]);
  }
});

it('folds look at the training images once before they train, and tell once of smeared masks', async () => {
  const parted = { train: [...PARTS.train, ...PARTS.calibration], calibration: [], test: PARTS.test };
  for (const [part, numbers] of Object.entries(parted)) {
    const files = numbers.flatMap((i) => [`normal/${i}.png`, `abnormal/${i}.png`]);
    writeFileSync(join(data, `${part}.txt`), files.map((file) => `${file}\n`).join(''));
  }
  const warnings: string[] = [];
  const onWarning = (line: string) => warnings.push(line);
  const out = folder.path('folds');
  const reads = await readsIn(data, () => train({ device, data, out, config, tune: false, folds: 2, onWarning }));
  // Besides, the training of the other fold, that of all, and in their own fold the look before it trains and the scores after it.
  expect(opened(reads, 'train')).toEqual({ normal: [5], abnormal: [5], masks: [3] });
  expect(warnings.filter((line) => line.includes('between black and white'))).toHaveLength(1);

  copyFileSync(join(data, 'abnormal', '6.png'), join(data, 'abnormal', '0.png'));
  const resumed = train({ device, data, out, resume: true, tune: false });
  await expect(resumed).rejects.toThrow(`The training images of ${data} are not the 12 that the run in ${out}`);
});
