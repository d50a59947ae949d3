import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { cacheFolder, FileChoiceCache } from '../../../src/data/files/choice-cache.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cyclops-choices-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const DEVICE = { adapter: 'llvmpipe', driver: '25.0.7', webgpu: '0.6.2' };
const choice = (variant: string) => ({ variant, milliseconds: { [variant]: 1.5, naive: 20 }, kernels: '0123abcd' });

function open(device: Record<string, string> = DEVICE, at = folder) {
  const notice = vi.fn();
  return { cache: new FileChoiceCache(device, notice, at), notice };
}

test('choices come back in another process, with those of earlier ones', () => {
  const { cache, notice } = open();
  expect(cache.load()).toEqual(new Map());
  cache.save(new Map([['a', choice('tiled')]]));
  cache.save(new Map([['b', choice('naive')]]));
  cache.save(new Map([['a', choice('thin')]]));
  expect(open().cache.load()).toEqual(
    new Map([
      ['a', choice('thin')],
      ['b', choice('naive')],
    ]),
  );
  expect(notice).not.toHaveBeenCalled();
});

test('two processes keep what both have measured', () => {
  const [one, other] = [open().cache, open().cache];
  one.load();
  other.load();
  one.save(new Map([['a', choice('tiled')]]));
  other.save(new Map([['b', choice('naive')]]));
  expect([...open().cache.load().keys()].sort()).toEqual(['a', 'b']);
  expect(readdirSync(folder)).toHaveLength(1);
});

test('each adapter, driver and version of Dawn has its own', () => {
  open().cache.save(new Map([['a', choice('tiled')]]));
  for (const other of [{ adapter: 'H100' }, { driver: '26.2' }, { webgpu: '0.7.0' }]) {
    expect(open({ ...DEVICE, ...other }).cache.load()).toEqual(new Map());
  }
});

test("a file of another device under this one's name counts as none", () => {
  const { cache } = open();
  cache.save(new Map([['a', choice('tiled')]]));
  writeFileSync(cache.path, readFileSync(cache.path, 'utf8').replace('llvmpipe', 'lavapipe'));
  expect(cache.load()).toEqual(new Map());
});

describe('a damaged file counts as none and is replaced', () => {
  test.each<[string, (text: string) => string]>([
    ['empty', () => ''],
    ['cut off', (text) => text.slice(0, -20)],
    ['not JSON', () => '\u0000\u0001'],
    ['another kind of JSON', () => '[1, null]'],
    ['null', () => 'null'],
    ['of an old format', (text) => text.replace('"format": 1', '"format": 0')],
    [
      'with a device that is nothing but brackets',
      (text) => text.replace('"llvmpipe"', '['.repeat(1e5) + ']'.repeat(1e5)),
    ],
    ['without choices', (text) => text.replace('"choices"', '"choice"')],
  ])('%s', (_, damage) => {
    const { cache, notice } = open();
    cache.save(new Map([['a', choice('tiled')]]));
    const text = readFileSync(cache.path, 'utf8');
    writeFileSync(cache.path, damage(text));
    expect(cache.load()).toEqual(new Map());
    cache.save(new Map([['a', choice('tiled')]]));
    expect(readFileSync(cache.path, 'utf8')).toBe(text);
    expect(notice).not.toHaveBeenCalled();
  });

  test('a single damaged entry is left out alone', () => {
    const { cache } = open();
    cache.save(
      new Map([
        ['a', choice('tiled')],
        ['b', choice('naive')],
      ]),
    );
    const broken = [{ variant: 3 }, { variant: 'x', kernels: 'y', milliseconds: { x: 'fast' } }, 'tiled', null];
    for (const entry of broken) {
      const file = JSON.parse(readFileSync(cache.path, 'utf8'));
      file.choices.b = entry;
      writeFileSync(cache.path, JSON.stringify(file));
      expect(cache.load()).toEqual(new Map([['a', choice('tiled')]]));
    }
  });
});

test('where nothing can be written, work goes on, with one line about it', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const { cache, notice } = open(DEVICE, join(file, 'cyclops'));
  expect(cache.load()).toEqual(new Map());
  cache.save(new Map([['a', choice('tiled')]]));
  cache.save(new Map([['b', choice('tiled')]]));
  expect(notice).toHaveBeenCalledTimes(1);
  expect(notice.mock.calls[0]?.[0]).toMatch(/^What was measured is not kept.*make the folder.*ENOTDIR/);
});

test.skipIf(process.getuid?.() === 0)('likewise in a folder without permission', () => {
  const locked = join(folder, 'locked');
  mkdirSync(locked);
  chmodSync(locked, 0o500);
  const { cache, notice } = open(DEVICE, locked);
  cache.save(new Map([['a', choice('tiled')]]));
  expect(notice).toHaveBeenCalledTimes(1);
  expect(existsSync(cache.path)).toBe(false);
});

test("the folder is where the user's system keeps such files", () => {
  expect(cacheFolder({ XDG_CACHE_HOME: '/caches' }, 'linux')).toBe('/caches/cyclops');
  expect(cacheFolder({}, 'linux')).toBe(join(homedir(), '.cache', 'cyclops'));
  expect(cacheFolder({ XDG_CACHE_HOME: 'relative' }, 'linux')).toBe(join(homedir(), '.cache', 'cyclops'));
  expect(cacheFolder({ XDG_CACHE_HOME: '/caches' }, 'darwin')).toBe(join(homedir(), 'Library', 'Caches', 'cyclops'));
  expect(cacheFolder({ LOCALAPPDATA: '/local' }, 'win32')).toBe(join('/local', 'cyclops'));
});

test.skipIf(process.getuid?.() !== 0)('a user without a home has one among the temporary files', () => {
  const script = `import { cacheFolder } from ${JSON.stringify(new URL('../../../src/data/files/choice-cache.ts', import.meta.url).href)};
    console.log(cacheFolder());`;
  chmodSync(folder, 0o777);
  const { stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    env: { PATH: process.env.PATH, TMPDIR: folder },
    encoding: 'utf8',
    uid: 54321,
  });
  expect(stderr).toBe('');
  expect(stdout.trim()).toBe(join(folder, '.cache', 'cyclops'));
});
