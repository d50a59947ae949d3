import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const RUN = 'gpu-host/pack/run.sh';
const hasXz = process.platform === 'linux' && process.arch === 'x64' && spawnSync('xz', ['--version']).status === 0;

let folder: string;
let kit: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cyclops-gpu-host-'));
  kit = join(folder, 'kit');
  mkdirSync(join(kit, 'xz'), { recursive: true });
  copyFileSync(RUN, join(kit, 'run.sh'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** An archive whose `cyclops` tells what it was called with, and a library that no machine has beside one that each has. */
function pack(version: string): void {
  const root = join(folder, `root-${version}`);
  for (const part of ['bin', 'cyclops', 'lib', 'standin']) mkdirSync(join(root, part), { recursive: true });
  const program = join(root, 'bin', 'cyclops');
  writeFileSync(program, `#!/bin/sh\necho "${version} $* drivers=$VK_DRIVER_FILES root=$CYCLOPS_ROOT"\n`);
  chmodSync(program, 0o755);
  for (const name of ['libcyclops_absent.so.1', 'libc.so.6']) writeFileSync(join(root, 'lib', name), '');
  const archive = join(kit, `cyclops-${version}.tar.xz`);
  spawnSync('tar', ['-cJf', archive, '-C', root, '.'], { stdio: 'inherit' });
  // The machine's own, as packing takes them.
  const libraries = spawnSync('ldconfig', ['-p'], {
    encoding: 'utf8',
    env: { PATH: `${process.env.PATH}:/sbin` },
  }).stdout;
  const library = /liblzma\.so\.5 \(libc6,x86-64[^)]*\) => (\S+)/.exec(libraries)?.[1] ?? '';
  copyFileSync(library, join(kit, 'xz', 'liblzma.so.5'));
  copyFileSync(spawnSync('sh', ['-c', 'command -v xz'], { encoding: 'utf8' }).stdout.trim(), join(kit, 'xz', 'xz'));
}

function run(...args: string[]): SpawnSyncReturns<string> {
  const env = { PATH: '/usr/bin:/bin', CYCLOPS_HOST_DIR: folder, VK_DRIVER_FILES: '/its/own.json' };
  return spawnSync('bash', [join(kit, 'run.sh'), ...args], { encoding: 'utf8', env });
}

/** The folder that it unpacked into. */
function unpacked(): string[] {
  return readdirSync(folder).filter((name) => name.startsWith('cyclops-'));
}

describe.runIf(hasXz)('run.sh of the kit for GPU hosts', () => {
  test('runs nothing from behind a link, whomever what it leads to belongs to', () => {
    pack('1');
    run('doctor');
    const [name = ''] = unpacked();
    for (const target of ['moved', 'nowhere']) {
      if (target === 'moved') renameSync(join(folder, name), join(folder, target));
      symlinkSync(join(folder, target), join(folder, name));
      const refused = run('doctor');
      expect(refused).toMatchObject({ stdout: '', status: 1 });
      expect(refused.stderr).toMatch(/is a link; remove it/);
      unlinkSync(join(folder, name));
    }
  });

  test('unpacks once, says what the device offers, and runs commands with its own driver kept', () => {
    pack('1');
    const first = run('train', 'a folder', '--quiet');
    const [name = ''] = unpacked();
    expect(first.stdout).toBe(`1 train a folder --quiet drivers=/its/own.json root=${join(folder, name, 'cyclops')}\n`);
    expect(first.stderr).toMatch(/^1 doctor /);
    const second = run('doctor');
    expect(second).toMatchObject({ stderr: '', status: 0 });
    expect(second.stdout).toMatch(/^1 doctor /);
    expect(unpacked()).toEqual([name]);
  });

  test('stands in for the libraries that the host lacks, and for no other', () => {
    pack('1');
    run('doctor');
    expect(readdirSync(join(folder, unpacked()[0] ?? '', 'standin'))).toEqual(['libcyclops_absent.so.1']);
  });

  test('runs other programs where they find cyclops, and passes their exit status on', () => {
    pack('1');
    const { stdout, status } = run('exec', 'bash', '-c', 'cyclops from bash; exit 7');
    expect(stdout).toMatch(/^1 from bash /);
    expect(status).toBe(7);
  });

  test('another kit is another folder', () => {
    pack('1');
    run('doctor');
    rmSync(join(kit, 'cyclops-1.tar.xz'));
    pack('2');
    expect(run('doctor').stdout).toMatch(/^2 doctor /);
    expect(unpacked()).toHaveLength(2);
  });

  test('a kit that is not whole, or that is two, says so', () => {
    expect(run('doctor')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('expected one cyclops-*.tar.xz'),
    });
    pack('1');
    pack('2');
    expect(run('doctor')).toMatchObject({ status: 1, stderr: expect.stringContaining('several archives') });
    rmSync(join(kit, 'cyclops-2.tar.xz'));
    writeFileSync(join(kit, 'cyclops-1.tar.xz'), 'cut off');
    expect(run('doctor')).toMatchObject({ status: 1, stderr: expect.stringMatching(/unpacking into .* failed/) });
    expect(unpacked()).toEqual([]);
    expect(run()).toMatchObject({ status: 1, stderr: expect.stringContaining('give a command') });
  });
});
