import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { decodeImage } from '../../src/data/images/decode.ts';
import { checkpointBytes, cyclops, makeData, SMALL, temporaryFolder } from '../cli/support.ts';

const folder = temporaryFolder();
const data = folder.path('data');
const run = folder.path('run');

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

beforeAll(() => {
  makeData(data, { normal: 10, abnormal: 1 });
  rmSync(join(data, 'abnormal'), { recursive: true });
});
afterAll(() => folder.remove());

const json = (...path: string[]) => JSON.parse(readFileSync(join(...path), 'utf8'));
const unwrapped = (text: string) => text.replace(/\s+/g, ' ');

it('trains on normal images alone, says what that means, and calibrates on damaged copies that can be looked at', async () => {
  const options = ['--netD', 'unet', '--domain-crops', '2', '--steps', '6', '--no-tune'];
  const trained = await cyclops('train', data, '--out', run, ...SMALL, ...options);
  expect(trained.stderr).not.toMatch(/Error/);
  expect(trained.code).toBe(0);
  expect(unwrapped(trained.stderr)).toMatch(/holds normal images alone: .* 4 of each normal image \(--damage\)/);
  expect(unwrapped(trained.stdout)).toMatch(/damaged copies of its normal images \(2 normal, 2 abnormal images\)/);
  expect(unwrapped(trained.stdout)).toMatch(/No abnormal image was there/);
  expect(trained.stdout).toMatch(/max-accuracy/);
  const calibration = json(run, 'thresholds.json');
  expect(calibration).toMatchObject({ chosenOn: 'damage', counts: { normal: 2, abnormal: 2 } });
  expect(json(run, 'checkpoint', 'config.json').damage).toBe(4);

  const copies = readdirSync(join(run, 'damaged', 'abnormal'));
  expect(readdirSync(join(run, 'damaged', 'masks'))).toEqual(copies);
  expect(copies).toHaveLength(2);
  const calibrating = readFileSync(join(run, 'calibration.txt'), 'utf8').split('\n').filter(Boolean);
  for (const [i, name] of copies.entries()) {
    const made = ['abnormal', 'masks'].map((part) => decodeImage(join(run, 'damaged', part, name)));
    const [copy, mask] = await Promise.all(made);
    const normal = await decodeImage(join(data, calibrating[i] ?? ''));
    expect(copy?.pixels).not.toEqual(normal.pixels);
    expect([mask?.width, mask?.height, mask?.channels]).toEqual([normal.width, normal.height, 1]);
    expect(mask?.pixels.includes(255)).toBe(true);
  }

  const again = await cyclops('calibrate', run, '--rule', 'recall=0.5', '--no-tune');
  expect(again.code).toBe(0);
  expect(json(run, 'thresholds.json')).toMatchObject({ chosenOn: 'damage', rule: 'recall=0.5' });

  const scored = await cyclops('score', run, join(data, 'normal'), '--no-tune', '--json');
  expect(scored.code).toBe(0);
  expect(scored.stdout.trim().split('\n')).toHaveLength(10);
});

it('resumes it with the same bits, and keeps the damage that it began with', async () => {
  const [straight, halves] = [folder.path('straight'), folder.path('halves')];
  const options = [...SMALL, '--damage', '2', '--steps', '6', '--no-tune', '--checkpoint-interval', '3'];
  expect((await cyclops('train', data, '--out', straight, ...options)).code).toBe(0);
  expect((await cyclops('train', data, '--out', halves, ...options)).code).toBe(0);
  expect(checkpointBytes(halves)).toEqual(checkpointBytes(straight));
  const other = await cyclops('train', data, '--out', halves, '--resume', '--damage', '3', '--no-tune');
  expect([other.code, other.stderr]).toEqual([2, expect.stringMatching(/--damage 3 differs from the 2/)]);
});

it('refuses folds of normal images alone, and too few of them', async () => {
  const folds = await cyclops('train', data, '--out', folder.path('folds'), ...SMALL, '--folds', '2');
  expect([folds.code, folds.stderr]).toEqual([2, expect.stringMatching(/--folds lets abnormal images calibrate/)]);
  const few = folder.path('few');
  makeData(few, { normal: 1, abnormal: 1 });
  rmSync(join(few, 'abnormal'), { recursive: true });
  const one = await cyclops('train', few, '--out', folder.path('one'), ...SMALL);
  expect([one.code, unwrapped(one.stderr)]).toEqual([1, expect.stringMatching(/of its 1 normal images/)]);
});
