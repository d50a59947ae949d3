import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { LOSS_NAMES } from '../../../src/cyclegan/losses.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

test('Cyclops computes a forward column and the training step of the comparison with its peers', () => {
  const columns = ['inorm', 'step'];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', 'bench/peers/cyclops.ts', ...columns, '--once'],
    { cwd: ROOT, encoding: 'utf8', env: { ...process.env, CYCLOPS_TUNE: 'off' } },
  );
  expect(status, stderr).toBe(0);
  const report = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  expect(Object.keys(report.columns)).toEqual(columns);
  const { values } = report.columns.step;
  // The losses of two steps, none of them 0.
  expect(values).toHaveLength(2 * LOSS_NAMES.length);
  for (const value of values) expect(value).toBeGreaterThan(0);
  expect(report.columns.inorm.values.length).toBeGreaterThan(100);
}, 240_000);
