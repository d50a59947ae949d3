import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Report } from '../../../bench/peers/contender.ts';
import { COLUMNS } from '../../../bench/peers/problems.ts';
import { differences } from '../../../bench/peers/table.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

function report(name: string): Report {
  const { status, stdout, stderr } = spawnSync('npx', ['tsx', `bench/peers/${name}.ts`, '--once'], {
    ...{ cwd: ROOT, encoding: 'utf8' },
    env: { ...process.env, CYCLOPS_TUNE: 'off' },
  });
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

test('PyTorch computes what Cyclops does in every column, or says that it is not there', () => {
  const torch = report('torch');
  expect(Object.keys(torch.columns)).toEqual([...COLUMNS]);
  if (Object.values(torch.columns).every((outcome) => 'missing' in outcome)) {
    for (const outcome of Object.values(torch.columns))
      expect(outcome).toEqual({ missing: expect.stringMatching(/python3-torch/) });
    return;
  }
  const found = differences([report('cyclops'), torch]);
  expect(found.map(({ column }) => column)).toEqual([...COLUMNS]);
  for (const { column, difference } of found) expect(difference, column).toBeLessThan(1e-3);
}, 480_000);
