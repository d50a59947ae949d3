import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, truncateSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { ScratchFile } from '../../../src/data/files/scratch-file.ts';
import { CyclopsError } from '../../../src/gpu/errors.ts';
import { temporaryFolder } from '../../cli/support.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());

it('gives back what was put there, and is no file that a listing shows', () => {
  mkdirSync(folder.path('run'));
  const file = new ScratchFile(folder.path('run'));
  expect(file.append(Uint8Array.of(1, 2, 3))).toBe(0);
  expect(file.append(new Uint8Array(70_000).fill(9))).toBe(3);
  expect(file.append(Uint8Array.of(4))).toBe(70_003);
  expect([...file.read(1, 3)]).toEqual([2, 3, 9]);
  expect([...file.read(70_002, 2)]).toEqual([9, 4]);
  expect(readdirSync(folder.path('run'))).toEqual([]);
  file.close();
  expect(() => file.read(0, 1)).toThrow(CyclopsError);
});

it('says in words what goes wrong with it', () => {
  const path = folder.path('cut');
  mkdirSync(path);
  const file = new ScratchFile(path);
  file.append(new Uint8Array(100));
  const [descriptor] = readdirSync('/proc/self/fd').filter((fd) => linkOf(fd).includes(`${path}/scratch-`));
  truncateSync(`/proc/self/fd/${descriptor}`, 50);
  expect(() => file.read(40, 20)).toThrow(/ends before byte 60/);
  file.close();
  expect(() => new ScratchFile(folder.path('nowhere')).append(Uint8Array.of(1))).toThrow(CyclopsError);
});

function linkOf(fd: string): string {
  try {
    return execFileSync('readlink', [`/proc/${process.pid}/fd/${fd}`], { encoding: 'utf8' });
  } catch {
    return '';
  }
}
