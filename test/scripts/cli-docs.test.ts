import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

test('docs/cli.md is what the commands say of themselves', { timeout: 180_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'cyclops-cli-docs-'));
  try {
    const file = join(folder, 'cli.md');
    const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'scripts/make-cli-docs.ts', file], {
      encoding: 'utf8',
    });
    expect(status, stderr).toBe(0);
    const fresh = readFileSync(file, 'utf8');
    expect(fresh).toContain('## cyclops bench step\n');
    expect(readFileSync('docs/cli.md', 'utf8'), 'The help has changed: run npm run docs:cli').toBe(fresh);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
