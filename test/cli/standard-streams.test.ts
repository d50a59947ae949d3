import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { useTemporaryFolder } from '../data/support.ts';

const path = useTemporaryFolder();
const program = fileURLToPath(new URL('outlive-readers-program.ts', import.meta.url));
const words = ['--import', 'tsx', program];

it('work and exit code go on when the readers of both streams have gone', async () => {
  const child = spawn(process.execPath, [...words, path('done')], { stdio: ['ignore', 'pipe', 'pipe'] });
  const code = new Promise((resolve) => child.on('exit', resolve));
  child.stdout.once('data', () => {
    child.stdout.destroy();
    child.stderr.destroy();
  });
  expect(await code).toBe(3);
  expect(existsSync(path('done'))).toBe(true);
});

it.runIf(existsSync('/dev/full'))('work goes on when the disk of standard output is full, and the end says so', () => {
  const full = openSync('/dev/full', 'w');
  try {
    for (const [asked, code] of [
      ['0', 1],
      ['3', 3],
    ] as const) {
      const { status, stderr } = spawnSync(process.execPath, [...words, path(asked), asked], {
        stdio: ['ignore', full, 'pipe'],
        encoding: 'utf8',
      });
      expect(status).toBe(code);
      expect(existsSync(path(asked))).toBe(true);
      expect(stderr.match(/Standard output cannot be written: .*ENOSPC/g)).toHaveLength(1);
      expect(stderr).toContain('said 49');
    }
  } finally {
    closeSync(full);
  }
});
