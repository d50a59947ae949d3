import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'cyclops-silence-'));
const MODULE = fileURLToPath(new URL('../../src/cli/silence-driver.ts', import.meta.url));

/** Something that native code says, as a process of its own that inherits standard error, and an error after it. */
const SCRIPT = `
import { spawnSync } from 'node:child_process';
import { silenceDriver } from '${MODULE}';
const limits = 'Warning: maxDynamicUniformBuffersPerPipelineLayout artificially reduced from 1000000 to 16.';
if (process.env.NO_ROOM) process.env.TMPDIR = '/proc/nowhere';
const work = async () => {
  spawnSync('sh', ['-c', 'echo "' + limits + '" >&2; echo driver >&2'], { stdio: 'inherit' });
  if (process.env.FAILS) throw new Error('no device');
};
silenceDriver(work, { isQuiet: !process.env.HEARD }).catch(() => {}).then(() =>
  process.stderr.write('a long error of the first command\\n'),
);`;

/** Runs the script and then another command, both with the same standard error. */
function shell(ending: string, environment: NodeJS.ProcessEnv = {}): string {
  const command = `( "$NODE" --import tsx --input-type=module -e "$SCRIPT"; echo next >&2 ) ${ending}`;
  const { stdout } = spawnSync('sh', ['-c', command], {
    encoding: 'utf8',
    env: { ...process.env, NODE: process.execPath, SCRIPT, LOG: join(folder, 'log'), ...environment },
  });
  return stdout;
}

afterAll(() => rmSync(folder, { recursive: true }));

it.skipIf(process.platform !== 'linux')('keeps the driver out of a pipe, and what follows in it', () => {
  expect(shell('2>&1 | cat')).toBe('a long error of the first command\nnext\n');
  const told = shell('2>&1 | cat', { NO_ROOM: '1' });
  expect(told).toMatch(/^Warning: .*\ndriver\na long error of the first command\nnext\n$/);
});

it.skipIf(process.platform !== 'linux')(
  'tells what it says that concerns somebody, and where it fails in any case',
  () => {
    for (const environment of [{ HEARD: '1' }, { FAILS: '1' }])
      expect(shell('2>&1 | cat', environment)).toBe('driver\na long error of the first command\nnext\n');
  },
);

it.skipIf(process.platform === 'win32')('loses nothing in a file that the next command goes on with', () => {
  shell('2>"$LOG"');
  expect(readFileSync(join(folder, 'log'), 'utf8')).toContain('a long error of the first command\nnext\n');
});
