import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';

test('the snippets of docs/engine.md run in order and print what the page says', () => {
  const page = readFileSync('docs/engine.md', 'utf8');
  const program = [...page.matchAll(/^```ts\n(.*?)^```/gms)].map(([, snippet]) => snippet).join('');
  const promised = [...program.matchAll(/^\/\/ prints: (.*)$/gm)].map(([, line]) => line);
  expect(promised.length).toBeGreaterThan(10);
  const folder = mkdtempSync(join(tmpdir(), 'cyclops-engine-docs-'));
  try {
    const file = join(folder, 'engine.mts');
    writeFileSync(file, program.replaceAll("'cyclops-vision'", `'${pathToFileURL('src/index.ts')}'`));
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', file], { encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    // Which adapter answers is the machine's own.
    const anywhere = (line = '') => line.replace(/ on .*$/, '');
    expect(stdout.trimEnd().split('\n').map(anywhere)).toEqual(promised.map(anywhere));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
