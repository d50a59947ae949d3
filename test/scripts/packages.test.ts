import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { missingPackages } from '../../scripts/setup/packages.mjs';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'cyclops-packages-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const other = process.platform === 'darwin' ? 'linux' : 'darwin';
const wanted = {
  '': { version: '0.1.0', optionalDependencies: { reader: '5.0.0' } },
  'node_modules/png': { version: '1.0.0', integrity: 'sha512-a' },
  'node_modules/@gpu/dawn': { version: '2.0.0', integrity: 'sha512-b' },
  'node_modules/native-here': { version: '3.0.0', optional: true, os: [process.platform], cpu: [process.arch] },
  'node_modules/native-elsewhere': { version: '3.0.0', optional: true, os: [other] },
  'node_modules/reader': { version: '5.0.0', optional: true },
  'node_modules/wasm-fallback': { version: '4.0.0', optional: true },
};
const needed = [
  'node_modules/png',
  'node_modules/@gpu/dawn',
  'node_modules/native-here',
  // The commands need the optional packages of the project itself.
  'node_modules/reader',
] as const;

function write(path: string, content: object): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), JSON.stringify(content));
}

function install(installed: object = Object.fromEntries(needed.map((path) => [path, wanted[path]]))): void {
  for (const path of needed) write(`${path}/package.json`, {});
  write('node_modules/.package-lock.json', { packages: installed });
}

beforeEach(() => write('package-lock.json', { packages: wanted }));

test('a fresh clone lacks everything that this platform needs, and nothing else', () => {
  expect(missingPackages(root)).toEqual(['png@1.0.0', '@gpu/dawn@2.0.0', 'native-here@3.0.0', 'reader@5.0.0']);
});

test('an install that matches the lockfile lacks nothing', () => {
  install();
  expect(missingPackages(root)).toEqual([]);
});

test('another version, another content, and a deleted folder are noticed', () => {
  install({
    'node_modules/png': { version: '1.0.1', integrity: 'sha512-a' },
    'node_modules/@gpu/dawn': { version: '2.0.0', integrity: 'sha512-c' },
    'node_modules/native-here': { version: '3.0.0' },
  });
  rmSync(join(root, 'node_modules/native-here'), { recursive: true });
  expect(missingPackages(root)).toEqual(['png@1.0.0', '@gpu/dawn@2.0.0', 'native-here@3.0.0', 'reader@5.0.0']);
});

test("an install that was cut off counts as none: npm's record is written last", () => {
  install();
  writeFileSync(join(root, 'node_modules/.package-lock.json'), '{"packages": {');
  expect(missingPackages(root)).toHaveLength(4);
});
