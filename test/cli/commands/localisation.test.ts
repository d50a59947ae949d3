import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { requireHeatmap } from '../../../src/anomaly/calibration/calibration.ts';
import { readCalibration } from '../../../src/anomaly/calibration/calibration-file.ts';
import { readModel } from '../../../src/anomaly/detector/stored-model.ts';
import { runFolder } from '../../../src/cyclegan/run/run-folder.ts';
import { toChannels } from '../../../src/data/images/channels.ts';
import { decodeImage } from '../../../src/data/images/decode.ts';
import { encodePng } from '../../../src/data/images/png.ts';
import { cyclops, SMALL, temporaryFolder } from '../support.ts';

const folder = temporaryFolder();
const data = folder.path('data');
const run = folder.path('run');

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const SIDE = 34;

/** Stripes of some phase, one of the normal images. */
function stripes(phase: number): Uint8Array {
  return Uint8Array.from({ length: SIDE * SIDE }, (_, i) => 110 + 30 * Math.sin((i % SIDE) / 3 + phase));
}

const isDefect = (i: number) =>
  i % SIDE >= 10 && i % SIDE < 20 && Math.floor(i / SIDE) >= 4 && Math.floor(i / SIDE) < 12;

function writeImage(pixels: Uint8Array, ...path: string[]): void {
  mkdirSync(join(...path, '..'), { recursive: true });
  writeFileSync(join(...path), encodePng(SIDE, SIDE, 1, pixels));
}

/** Normal stripes, and abnormal ones with a white block: masks of half of them, templates of two. */
beforeAll(async () => {
  for (let i = 0; i < 12; i++) writeImage(stripes(i), data, 'normal', `${i}.png`);
  for (let i = 0; i < 8; i++) {
    writeImage(
      stripes(i + 0.5).map((value, k) => (isDefect(k) ? 255 : value)),
      data,
      'abnormal',
      `${i}.png`,
    );
  }
  for (const i of [4, 5, 6]) {
    writeImage(
      Uint8Array.from({ length: SIDE * SIDE }, (_, k) => (isDefect(k) ? 255 : 0)),
      data,
      'masks',
      `${i}.png`,
    );
  }
  for (const i of [4, 7]) writeImage(stripes(i + 0.5), data, 'pairs', `${i}.png`);
  const list = (normal: number[], abnormal: number[]) =>
    [...normal.map((i) => `normal/${i}.png`), ...abnormal.map((i) => `abnormal/${i}.png`)].join('\n');
  writeFileSync(join(data, 'train.txt'), list([0, 1, 2, 3], [0, 1]));
  writeFileSync(join(data, 'calibration.txt'), list([4, 5, 6], [2, 3]));
  writeFileSync(join(data, 'test.txt'), list([7, 8, 9, 10, 11], [4, 5, 6, 7]));
  const { code } = await cyclops('train', data, '--out', run, ...SMALL, '--load-size', '34', '--steps', '3', '--quiet');
  expect(code).toBe(0);
});

afterAll(() => folder.remove());

/** The data set with another file in it. */
function dataWith(name: string, file: string, content: string | Buffer): string {
  const root = folder.path(name);
  cpSync(data, root, { recursive: true });
  writeFileSync(join(root, file), content);
  return root;
}

async function evaluated(root: string, ...options: string[]) {
  const { code, stdout, stderr } = await cyclops('evaluate', run, root, '--json', ...options);
  expect(code, stderr).toBe(0);
  return { ...JSON.parse(stdout), stderr };
}

describe('evaluate', () => {
  it('says where: heat maps, pixels and pairs', async () => {
    const { heatmap, pixels, pairs } = await evaluated(data, '--map', 'residual5');
    expect(heatmap).toEqual({
      ...readCalibration(runFolder(run)).heatmap,
      ...{ label: 'residual over 5 × 5 pixels', formula: '|x − x̂|, averaged over channels and over 5 × 5 pixels' },
      chosenOn: 'calibration',
      normal: { hot: expect.any(Number), total: 5 },
      abnormal: { hot: expect.any(Number), total: 4 },
      ...{ expectedShare: 0.25, chance: expect.any(Number), unlikely: false, oracle: false },
    });
    expect(heatmap.images).toBe(3);
    expect(pixels).toMatchObject({ images: { normal: 5, abnormal: 3 }, withoutMask: 1, emptyMasks: 0 });
    const { figures } = pixels;
    // 34 px are cut to 32: one column and row on each side.
    expect(figures.pixels).toEqual({ normal: 8 * 32 * 32 - 3 * 80, abnormal: 3 * 80 });
    expect(figures.regions).toBe(3);
    expect(figures.best.oracle).toBe(true);
    expect(figures.oracle).toBe(false);
    expect(figures.calibrated).toMatchObject({ oracle: false, threshold: heatmap.threshold });
    for (const figure of [figures.auroc, figures.aupro, figures.best.f1]) {
      expect(figure).toBeGreaterThan(0);
      expect(figure).toBeLessThanOrEqual(1);
    }
    expect(figures.best.f1).toBeGreaterThanOrEqual(figures.calibrated.f1);
    // The white block makes the only difference between an image and its template.
    const change = [4, 7].map((i) => {
      const template = stripes(i + 0.5).filter((_, k) => isDefect(k));
      return template.reduce((sum, value) => sum + (255 - value) / 255, 0) / 32 ** 2;
    });
    expect(pairs.images).toBe(2);
    expect(pairs.untouched.mae).toBeCloseTo(((change[0] ?? 0) + (change[1] ?? 0)) / 2, 5);
    expect(pairs.translated.mae).toBeGreaterThan(pairs.untouched.mae);
  });

  it('says it in a line each, and paints the report on the calibrated scale', async () => {
    const report = folder.path('report.html');
    const { stdout } = await cyclops('evaluate', run, data, '--report', report, '--map', 'residual5');
    expect(stdout).toMatch(
      /^heat maps of residual5: a pixel above [\d.e-]+ is hot; \d of 5 normal and \d of 4 abnormal images/m,
    );
    expect(stdout).toMatch(/^pixels: AUROC 0\.\d{3}, AUPRO 0\.\d{3} \(3 regions, FPR ≤ 0\.3\); hot pixels: F1 /m);
    expect(stdout).toMatch(/of 5 normal and 3 masked images, 1 abnormal ones without a mask left out\.$/m);
    expect(stdout).toMatch(/^pairs: .*MAE 0\.\d{4}, SSIM .*\(means over 2 images\)\.$/m);
    expect(stdout.endsWith(`\nReport: ${report}\n`)).toBe(true);
    expect(readFileSync(report, 'utf8')).toContain('= threshold</span>');
  });

  it('shows another map on demand, on the scale that was calibrated for it, and refuses one that was not', async () => {
    const { heatmap: own } = readCalibration(runFolder(run));
    const scales: Record<string, unknown> = { ...own?.others };
    const names = Object.keys(scales);
    expect(names.length).toBeGreaterThan(8);
    const { heatmap, pixels } = await evaluated(data, '--map', 'dn');
    expect(heatmap).toMatchObject({ map: 'dn', formula: '−D_n(x), patch by patch', ...Object(scales.dn) });
    expect(heatmap.threshold).toBeGreaterThanOrEqual(heatmap.floor);
    expect(pixels.figures.calibrated.threshold).toBe(heatmap.threshold);
    for (const command of [
      ['evaluate', run, data],
      ['score', run, join(data, 'normal'), '--heatmaps', folder.path('no')],
    ]) {
      const { code, stderr } = await cyclops(...command, '--map', 'gradient');
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /no heat map 'gradient' in .*; expected residual5, residual3, .*calibrate RUN --map gradient/,
      );
    }
    const wide = await cyclops('calibrate', run, '--map', 'gradient', '--no-tune');
    expect(wide.stdout).toMatch(/^Heat maps show gradient: /m);
    expect((await evaluated(data)).heatmap).toMatchObject({ map: 'gradient', floor: 0 });
    expect((await cyclops('calibrate', run, '--no-tune')).code).toBe(0);
    expect(readCalibration(runFolder(run)).heatmap).toEqual(own);
    expect((await cyclops('calibrate', run, '--map', 'blur')).stderr).toMatch(
      /no map 'blur'; expected residual, residual3/,
    );
  });

  it('brings a mask of another size to that of the heat map', async () => {
    const large = Uint8Array.from({ length: 4 * SIDE * SIDE }, (_, i) => {
      const [x, y] = [i % (2 * SIDE), Math.floor(i / (2 * SIDE))];
      return isDefect(Math.floor(y / 2) * SIDE + Math.floor(x / 2)) ? 255 : 0;
    });
    const root = dataWith('large', 'masks/4.png', encodePng(2 * SIDE, 2 * SIDE, 1, large));
    const [same, other] = [await evaluated(data), await evaluated(root)];
    expect(other.pixels).toEqual(same.pixels);
  });

  it('meets heat maps of images that are seen in tiles, at their own size', async () => {
    const [side, half] = [54, 27];
    const tiles = folder.path('tiles');
    for (const [label, name] of [
      ['normal', 'a'],
      ['abnormal', 'b'],
    ] as const) {
      mkdirSync(join(tiles, label), { recursive: true });
      const pixels = Uint8Array.from({ length: side * side }, (_, i) => (i % side) * 4);
      writeFileSync(join(tiles, label, `${name}.png`), encodePng(side, side, 1, pixels));
    }
    const mask = Uint8Array.from({ length: half * half }, (_, i) => (i % half < 3 ? 255 : 0));
    mkdirSync(join(tiles, 'masks'));
    writeFileSync(join(tiles, 'masks', 'b.png'), encodePng(half, half, 1, mask));
    const { pixels } = await evaluated(tiles, '--tile', '32');
    // 54 px are cut to 52, a column on each side: of the 6 columns inside 5 are left.
    expect(pixels.figures.pixels).toEqual({ normal: 2 * 52 * 52 - 5 * 52, abnormal: 5 * 52 });
  });

  it('counts a mask that marks nothing', async () => {
    const root = dataWith('empty', 'masks/4.png', encodePng(SIDE, SIDE, 1, new Uint8Array(SIDE * SIDE)));
    const { pixels } = await evaluated(root);
    expect(pixels).toMatchObject({ images: { normal: 5, abnormal: 3 }, emptyMasks: 1, figures: { regions: 2 } });
  });

  it('warns of a mask that has the name of no image', async () => {
    const root = dataWith('stray', 'masks/4 (copy).png', encodePng(SIDE, SIDE, 1, new Uint8Array(SIDE * SIDE)));
    const { code, stderr } = await cyclops('evaluate', run, root, '--no-tune');
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/Warning: no image has the name of masks\/4 \(copy\)\.png: not used/);
    expect((await cyclops('evaluate', run, root, '--no-tune', '--quiet')).stderr).not.toContain('Warning: no image');
  });

  it.each(['masks', 'pairs'])(
    'refuses a broken file in %s before it scores, and does without it on demand',
    async (kind) => {
      const root = dataWith(`broken ${kind}`, `${kind}/4.png`, 'Dear diary');
      const report = folder.path('none.html');
      const { code, stderr } = await cyclops('evaluate', run, root, '--json', '--report', report);
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /1 of 9 images cannot be used.*--skip-broken.*4\.png is not an image.*begins as no image does/,
      );
      expect(stderr).not.toContain('scoring');
      const {
        counts,
        pixels,
        pairs,
        steganography,
        stderr: warning,
      } = await evaluated(root, '--skip-broken', '--report', report);
      expect(warning).toMatch(/left out: .*4\.png is not an image/);
      expect(counts).toMatchObject({ total: 9, skipped: 0 });
      const masks = kind === 'masks' ? 2 : 3;
      expect(pixels).toMatchObject({ images: { normal: 5, abnormal: masks }, withoutMask: 4 - masks });
      expect(steganography.images.masked).toBe(masks);
      expect(pairs.images).toBe(kind === 'pairs' ? 1 : 2);
    },
  );

  it('has nothing to say of pixels and pairs without masks and templates', async () => {
    const bare = folder.path('bare');
    for (const part of ['normal', 'abnormal', 'test.txt'])
      cpSync(join(data, part), join(bare, part), { recursive: true });
    writeFileSync(join(bare, 'train.txt'), '');
    const { pixels, pairs, heatmap } = await evaluated(bare);
    expect([pixels, pairs]).toEqual([null, null]);
    expect(heatmap.normal.total).toBe(5);
  });
});

describe('score --heatmaps', () => {
  it('lays warm colours over what is above the threshold of the model file, and nothing else', async () => {
    const { calibration } = readModel(join(run, 'model.safetensors'));
    const heat = folder.path('heat');
    const args = ['score', run, join(data, 'normal'), '--by', 'residual5.max', '--heatmaps', heat, '--quiet'];
    args.push('--map', 'residual5');
    const { threshold } = requireHeatmap(calibration, run, 'residual5');
    const { stdout } = await cyclops(...args);
    for (const line of stdout.trimEnd().split('\n')) {
      const [file = '', hottest] = line.split('\t');
      const picture = toChannels(await decodeImage(join(data, 'normal', file)), 3);
      const laid = await decodeImage(join(heat, `${file}.heat.png`));
      expect({ width: laid.width, height: laid.height }).toEqual({ width: picture.width, height: picture.height });
      // Cold colours have next to no red; warm ones have 194 and more of it, of which 0.7 is laid over the picture.
      const reds = Array.from({ length: picture.width * picture.height }, (_, i) => [
        picture.pixels[3 * i] ?? 0,
        laid.pixels[3 * i] ?? 0,
      ]);
      const isHot = Number(hottest) > threshold;
      if (isHot) expect(reds.some(([own = 0, over = 0]) => own !== over && over >= 0.3 * own + 134)).toBe(true);
      else expect(reds.every(([own = 0, over = 0]) => over <= Math.max(own, 28))).toBe(true);
    }
  });
});
