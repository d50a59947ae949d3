import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeFolder } from '../../../src/data/files/make-folder.ts';
import { expectRefusal, onSmallDisk, put, useTemporaryFolder } from '../support.ts';

const path = useTemporaryFolder();

it('makes a folder and those above it, once and again', () => {
  for (let i = 0; i < 2; i++) makeFolder(path('a', 'b', 'c'));
  expect(existsSync(path('a', 'b', 'c'))).toBe(true);
});

it('says what is in the way', () => {
  put(path('file'), '');
  expectRefusal(() => makeFolder(path('file')), `cannot make the folder ${path('file')}`, 'is there already');
  expectRefusal(
    () => makeFolder(path('file', 'below', 'it')),
    'cannot make the folder',
    'a file where a folder is needed',
  );
});

it('says that a file system is read-only', async (context) => {
  await onSmallDisk(context, path('disk'), (disk) => {
    spawnSync('mount', ['-o', 'remount,ro', disk]);
    expectRefusal(() => makeFolder(join(disk, 'a')), `cannot make the folder ${join(disk, 'a')}`, 'read-only');
    expectRefusal(() => makeFolder(join(disk, 'a', 'b', 'c')), 'cannot make the folder', 'read-only');
  });
});
