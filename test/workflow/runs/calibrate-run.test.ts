import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { calibrate } from '../../../src/workflow/calibrate.ts';
import { cyclops, makeData, SMALL, temporaryFolder } from '../../cli/support.ts';
import { readsIn } from '../reads-in.ts';

const folder = temporaryFolder();
const data = folder.path('data');
const alone = folder.path('alone');

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

beforeAll(async () => {
  makeData(data, { normal: 8, abnormal: 6 });
  mkdirSync(alone);
  cpSync(join(data, 'normal'), join(alone, 'normal'), { recursive: true });
  for (const [of, run] of [
    [data, 'run'],
    [alone, 'run-alone'],
  ] as const) {
    const { code } = await cyclops(
      'train',
      of,
      '--out',
      folder.path(run),
      ...SMALL,
      '--steps',
      '3',
      '--no-tune',
      '--quiet',
    );
    expect(code).toBe(0);
  }
});
afterAll(() => folder.remove());

it.each([
  ['run', data],
  ['run-alone', alone],
])('reads each image that calibrates once, and chooses as training did: %s', async (name, root) => {
  const run = folder.path(name);
  const before = readFileSync(join(run, 'thresholds.json'), 'utf8');
  const lines = readFileSync(join(run, 'calibration.txt'), 'utf8').split('\n').filter(Boolean);
  const rule = JSON.parse(before).rule;
  const reads = await readsIn(`${root}/`, () => calibrate({ run, rule, tune: false }));
  expect(reads).toEqual(new Map(lines.map((file) => [join(root, file), 1])));
  expect(readFileSync(join(run, 'thresholds.json'), 'utf8')).toBe(before);
});

it('refuses an image that changed, and one that is gone before anything is judged; the run is as it was', async () => {
  const run = folder.path('run');
  const before = readdirSync(run).map((name) => [name, name.includes('.') && readFileSync(join(run, name))]);
  const [first = '', second = ''] = readFileSync(join(run, 'calibration.txt'), 'utf8').split('\n');
  const bytes = readFileSync(join(data, first));
  writeFileSync(join(data, first), readFileSync(join(data, second)));
  await expect(calibrate({ run, tune: false })).rejects.toThrow(`${first} is not the image that the run ${run} began`);
  rmSync(join(data, first));
  const done: number[] = [];
  const gone = calibrate({
    run,
    tune: false,
    onProgress: (progress) => done.push('done' in progress ? progress.done : 0),
  });
  await expect(gone).rejects.toThrow(`cannot read ${join(data, first)}: there is no such file`);
  expect(done).toEqual([]);
  writeFileSync(join(data, first), bytes);
  expect(readdirSync(run).map((name) => [name, name.includes('.') && readFileSync(join(run, name))])).toEqual(before);
});
