import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cyclops-matrix-device-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** On a machine without any adapter, without apt, and with an empty cache. */
function matrixDevice(...args: string[]): { status: number | null; stderr: string } {
  symlinkSync(process.execPath, join(folder, 'node'));
  const env = { PATH: folder, CYCLOPS_CACHE: join(folder, 'cache'), VK_DRIVER_FILES: join(folder, 'none.json') };
  const { status, stderr } = spawnSync(process.execPath, ['scripts/matrix-device.mjs', ...args], {
    encoding: 'utf8',
    env,
  });
  return { status, stderr };
}

describe.runIf(process.platform === 'linux')('where there is no device with subgroup matrices', () => {
  test('a command fails and is told why', () => {
    const { status, stderr } = matrixDevice('node', '--version');
    expect(stderr).toMatch(/cannot run node --version: No WebGPU adapter answered.*there is no apt-get/s);
    expect(status).toBe(1);
  });

  test('a check is skipped and says so, and leaves nothing half fetched', () => {
    const { status, stderr } = matrixDevice('--or-skip', 'node', '--version');
    expect(stderr).toContain('SKIPPED node --version: ');
    expect(status).toBe(0);
    expect(readdirSync(join(folder, 'cache'))).toEqual([]);
  });
});
