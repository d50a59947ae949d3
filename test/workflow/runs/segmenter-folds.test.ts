import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { encodePng } from '../../../src/data/images/png.ts';
import { checkpointBytes, cyclops, makeData, SMALL, start, temporaryFolder, until } from '../../cli/support.ts';

const folder = temporaryFolder();
const data = folder.path('data');
const run = folder.path('run');

vi.setConfig({ testTimeout: 480_000, hookTimeout: 240_000 });

const OPTIONS = [
  ...SMALL,
  '--netD',
  'unet',
  '--domain-crops',
  '2',
  '--steps',
  '12',
  '--no-tune',
  '--folds',
  '2',
  '--warm-up',
  '2',
  '--shrink',
  '0.5',
];
const json = (...path: string[]) => JSON.parse(readFileSync(join(...path), 'utf8'));

beforeAll(() => {
  makeData(data, { normal: 12, abnormal: 12 });
  mkdirSync(join(data, 'masks'));
  for (let i = 0; i < 12; i++) {
    const mask = Uint8Array.from({ length: 32 * 32 }, (_, p) =>
      p % 32 >= 10 && p % 32 < 20 && p > 320 && p < 640 ? 255 : 0,
    );
    writeFileSync(join(data, 'masks', `${i}.png`), encodePng(32, 32, 1, mask));
  }
});
afterAll(() => folder.remove());

describe('train --folds with a segmenter', () => {
  it('trains nothing but segmenters for the folds, with the same bits after Ctrl-C, and lets them alone decide', async () => {
    const { child, outcome } = start(['train', data, '--out', run, ...OPTIONS]);
    await until(() => existsSync(join(run, 'fold-2', 'checkpoint')));
    child.kill('SIGINT');
    expect((await outcome).code).toBe(130);
    const resumed = await cyclops('train', data, '--out', run, '--resume', '--no-tune');
    expect([resumed.code, resumed.stderr]).toEqual([0, expect.not.stringMatching(/fold 1 of 2/)]);
    expect(resumed.stdout).toMatch(/cross-calibration.*Folds trained the segmenter alone/s);

    const whole = folder.path('whole');
    const trained = await cyclops('train', data, '--out', whole, ...OPTIONS);
    expect([trained.code, trained.stderr.match(/warm-up 2\/2/g)]).toEqual([0, ['warm-up 2/2']]);
    for (const part of ['', 'fold-1', 'fold-2'])
      expect(checkpointBytes(join(whole, part))).toEqual(checkpointBytes(join(run, part)));
    expect(json(whole, 'thresholds.json')).toEqual(json(run, 'thresholds.json'));
    expect([...checkpointBytes(join(run, 'fold-1')).keys()].filter((name) => /^[GD]_/.test(name))).toEqual([
      'D_A.safetensors',
    ]);
    expect(existsSync(join(run, 'checkpoint', 'G_A.safetensors'))).toBe(true);
    expect(existsSync(join(run, 'fold-1', 'samples'))).toBe(false);

    const { trains, images, merits } = json(run, 'fold-scores.json');
    expect(trains).toBe('segmenter');
    expect(images).toHaveLength(readFileSync(join(run, 'train.txt'), 'utf8').split('\n').filter(Boolean).length);
    const poolings = ['max', 'mean', 'top01', 'top1', 'top5'].map((pooling) => `dn_pixels.${pooling}`);
    for (const { scores, heat, change, label } of images) {
      expect(Object.keys(scores).sort()).toEqual(poolings);
      expect([Object.keys(heat ?? {}), change]).toEqual([label === 'normal' ? ['dn_pixels'] : [], undefined]);
    }
    expect(merits.map(({ aupro }: { aupro: object }) => Object.keys(aupro))).toEqual([['dn_pixels'], ['dn_pixels']]);
    const { scores, heatmap, chosen } = json(run, 'thresholds.json');
    expect(Object.keys(scores)).toEqual(expect.arrayContaining(poolings));
    expect(Object.keys(scores)).not.toContain('sse');
    expect([heatmap.map, /^(average|combined|dn_pixels\..*)$/.test(chosen)]).toEqual(['dn_pixels', true]);
  });

  it('evaluates the other scores beside those that decide, without a threshold', async () => {
    const page = folder.path('report.html');
    const csv = folder.path('scores.csv');
    const { code, stdout } = await cyclops(
      ...['evaluate', run, data, '--no-tune', '--json', '--report', page, '--csv', csv],
    );
    expect(code).toBe(0);
    const { scores } = JSON.parse(stdout);
    expect(scores.sse).toMatchObject({ calibrationAuroc: null, calibrated: null });
    expect(scores.sse.auroc).toBeGreaterThanOrEqual(0);
    expect(scores['dn_pixels.top1'].calibrated).not.toBeNull();
    expect(readFileSync(csv, 'utf8').split('\n')[0]).toMatch(/sse.*dn_pixels\.max/);
    expect(readFileSync(page, 'utf8')).toMatch(/squared error/);
  });

  it('says what a fold cannot do, and which maps it calibrated', async () => {
    const translated = await cyclops(
      'translate',
      join(run, 'fold-1'),
      join(data, 'normal'),
      '--to',
      'normal',
      '--out',
      folder.path('t'),
    );
    expect([translated.code, translated.stderr]).toEqual([
      1,
      expect.stringMatching(/no G_A.*trained without one as a fold/),
    ]);
    const wanted = await cyclops('calibrate', run, '--no-tune', '--map', 'residual5');
    expect([wanted.code, wanted.stderr]).toEqual([
      1,
      expect.stringMatching(/residual5 was not calibrated.*one of dn_pixels/),
    ]);
    const judged = await cyclops('evaluate', join(run, 'fold-1'), data, '--no-tune');
    expect([judged.code, judged.stderr]).toEqual([
      1,
      expect.stringMatching(/fold-1 is a fold of the run in .*no model of its own/),
    ]);
    const calibrated = await cyclops('calibrate', join(run, 'fold-1'), '--no-tune');
    expect([calibrated.code, calibrated.stderr]).toEqual([
      1,
      expect.stringMatching(/fold-1 is a fold.*segmenter alone.*Calibrate /),
    ]);
    const other = await cyclops('evaluate', run, data, '--map', 'residual5', '--no-tune');
    expect([other.code, other.stderr]).toEqual([
      1,
      expect.stringMatching(/no heat map 'residual5'.*expected dn_pixels\.\s*$/),
    ]);
    const scored = await cyclops('score', run, join(data, 'normal'), '--no-tune', '--by', 'sse');
    expect([scored.code, scored.stderr]).toEqual([
      2,
      expect.stringMatching(/no threshold of the score 'sse'.*dn_pixels/),
    ]);
  });

  it('gives the same by shards', async () => {
    const out = folder.path('shards');
    for (const shard of ['1/3', '2/3', '3/3'])
      expect((await cyclops('train', data, '--out', out, ...OPTIONS, '--shard', shard)).code).toBe(0);
    expect((await cyclops('collect', out)).code).toBe(0);
    expect(json(out, 'fold-scores.json')).toEqual(json(run, 'fold-scores.json'));
    expect(json(out, 'thresholds.json')).toEqual(json(run, 'thresholds.json'));
    expect(readdirSync(join(out, 'fold-1', 'checkpoint'))).not.toContain('G_A.safetensors');
  });
});
