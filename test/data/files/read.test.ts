import { execFileSync } from 'node:child_process';
import { symlinkSync, truncateSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readBytes, readForeignText, readPart, readText } from '../../../src/data/files/read.ts';
import { expectRefusal, put, useTemporaryFolder } from '../support.ts';

const path = useTemporaryFolder();

it('reads a file, or as much of a part as there is', () => {
  put(path('a'), '\uFEFFtext');
  expect([...readBytes(path('a'))]).toEqual([0xef, 0xbb, 0xbf, 0x74, 0x65, 0x78, 0x74]);
  expect([readText(path('a')), readForeignText(path('a'))]).toEqual(['text', 'text']);
  expect([...readPart(path('a'), 5, 100)]).toEqual([0x78, 0x74]);
  expect([...readPart(path('a'), 4, 1)]).toEqual([0x65]);
  expect(readPart(path('a'), 2 ** 40, 8)).toHaveLength(0);
  expect(readPart(path('a'), 2 ** 60, 8)).toHaveLength(0);
});

it('refuses what is no file, and waits for nobody', () => {
  execFileSync('mkfifo', [path('pipe')]);
  symlinkSync('/dev/zero', path('endless'));
  for (const read of [readBytes, readText, readForeignText, (file: string) => readPart(file, 0, 4)]) {
    expectRefusal(() => read(path('pipe')), path('pipe'), 'a pipe or a device');
    expectRefusal(() => read(path('endless')), path('endless'), 'a pipe or a device');
    expectRefusal(() => read(path()), path(), 'a folder');
    expectRefusal(() => read(path('absent')), 'ENOENT');
  }
});

it('refuses what is larger than can be held, before it is read', () => {
  truncateSync(put(path('large'), ''), 2 ** 31);
  expectRefusal(() => readBytes(path('large')), path('large'), 'it has 2147483648 bytes');
  truncateSync(put(path('long'), ''), 2 ** 30);
  expectRefusal(() => readText(path('long')), path('long'), 'it has 1073741824 bytes');
});
