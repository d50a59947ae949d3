import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cyclops-matrix-device-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** On a machine without any adapter, without apt, and with an empty cache. */
function runOn(script: 'matrix-device' | 'wide-device', ...args: string[]): { status: number | null; stderr: string } {
  symlinkSync(process.execPath, join(folder, 'node'));
  const env = { PATH: folder, CYCLOPS_CACHE: join(folder, 'cache'), VK_DRIVER_FILES: join(folder, 'none.json') };
  const { status, stderr } = spawnSync(process.execPath, [`scripts/${script}.mjs`, ...args], {
    encoding: 'utf8',
    env,
  });
  return { status, stderr };
}

describe.runIf(process.platform === 'linux').each([
  ['matrix-device', /cannot run node --version: No WebGPU adapter answered.*there is no apt-get/s],
  [
    'wide-device',
    /cannot run node --version: (a newer Mesa cannot be fetched: .*apt-get|this processor has no AVX-512)/s,
  ],
] as const)('where there is no %s', (script, why) => {
  test('a command fails and is told why', () => {
    const { status, stderr } = runOn(script, 'node', '--version');
    expect(stderr).toMatch(why);
    expect(status).toBe(1);
  });

  test('a check is skipped and says so, and leaves nothing half fetched', () => {
    const { status, stderr } = runOn(script, '--or-skip', 'node', '--version');
    expect(stderr).toContain('SKIPPED node --version: ');
    expect(status).toBe(0);
    const cache = join(folder, 'cache');
    expect(existsSync(cache) ? readdirSync(cache) : []).toEqual([]);
  });
});
