import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import {
  AtomicFile,
  completeFolder,
  requireWritable,
  writeFileAtomic,
  writeFileAtomicAsync,
  writeFolderAtomic,
  writeTogether,
} from '../../../src/data/files/atomic.ts';
import { expectRefusal, expectRejection, onSmallDisk, put, useTemporaryFolder, withoutRoot } from '../support.ts';
import { generationOf } from './checkpoint-reader.ts';

const path = useTemporaryFolder();
const writer = fileURLToPath(new URL('checkpoint-writer.ts', import.meta.url));

describe('writeFileAtomic', () => {
  it('writes and replaces, and leaves nothing else behind', () => {
    writeFileAtomic(path('a.json'), 'first');
    writeFileAtomic(path('a.json'), Uint8Array.of(1, 2));
    expect([...readFileSync(path('a.json'))]).toEqual([1, 2]);
    expect(readdirSync(path())).toEqual(['a.json']);
  });

  it('writes piece by piece, and keeps the old file when the pieces end early', () => {
    writeFileAtomic(path('a.html'), ['first', ' ', 'ünd second']);
    expect(readFileSync(path('a.html'), 'utf8')).toBe('first ünd second');
    const broken = function* () {
      yield 'half';
      throw new Error('no more');
    };
    expect(() => writeFileAtomic(path('a.html'), broken())).toThrow('no more');
    expect(readFileSync(path('a.html'), 'utf8')).toBe('first ünd second');
    expect(readdirSync(path())).toEqual(['a.html']);
  });

  it('writes through a symbolic link, and refuses what is no file', () => {
    put(path('target'));
    symlinkSync('target', path('link'));
    writeFileAtomic(path('link'), 'through');
    expect(readFileSync(path('target'), 'utf8')).toBe('through');
    expect(lstatSync(path('link')).isSymbolicLink()).toBe(true);
    symlinkSync('/dev/null', path('device'));
    expectRefusal(() => writeFileAtomic(path('device'), 'x'), path('device'), 'a folder or a device');
    expect(readdirSync(path()).sort()).toEqual(['device', 'link', 'target']);
  });

  it('writes to where a link leads that leads to nothing yet, and names links in a circle', () => {
    mkdirSync(path('other'));
    symlinkSync(join('other', 'new'), path('link'));
    writeFileAtomic(path('link'), 'there');
    expect(readFileSync(path('other', 'new'), 'utf8')).toBe('there');
    expect(lstatSync(path('link')).isSymbolicLink()).toBe(true);
    symlinkSync('round', path('round'));
    expectRefusal(() => writeFileAtomic(path('round'), 'x'), path('round'), 'ELOOP');
  });

  it('leaves those alone the right to read who had it', async () => {
    writeFileSync(path('secret'), 'old', { mode: 0o600 });
    writeFileSync(path('shared'), 'old');
    chmodSync(path('shared'), 0o666);
    for (const name of ['secret', 'shared', 'new']) {
      writeFileAtomic(path(name), 'new');
      await writeFileAtomicAsync(path(name), 'newer');
    }
    const modes = ['secret', 'shared', 'new'].map((name) => lstatSync(path(name)).mode & 0o777);
    expect(modes).toEqual([0o600, 0o666, 0o666 & ~process.umask()]);
  });

  it('grows where no link can have been laid', () => {
    put(path('precious'), 'precious');
    for (const name of ['a.partial', '.a.partial', `.a.${process.pid}.partial`, '.write-test'])
      symlinkSync('precious', path(name));
    writeFileAtomic(path('a'), 'new');
    requireWritable(path('a'));
    expect(readFileSync(path('precious'), 'utf8')).toBe('precious');
  });

  it('leaves no old file beside a new one of those that must agree', () => {
    const files = (content: string) =>
      [
        [path('page'), content],
        [path('figures'), content],
      ] as const;
    writeTogether(files('old'));
    // A kill between the two: what is written of the second fails as late as it can.
    const broken = vi.spyOn(AtomicFile.prototype, 'complete').mockImplementationOnce(function (this: AtomicFile) {
      broken.mockRestore();
      this.complete();
      throw new Error('killed');
    });
    expect(() => writeTogether(files('new'))).toThrow('killed');
    expect(readdirSync(path())).toEqual(['page']);
    expect(readFileSync(path('page'), 'utf8')).toBe('new');
    // Before that, both old ones stay.
    writeTogether(files('new'));
    mkdirSync(path('folder'));
    expectRefusal(() => writeTogether([...files('newer'), [path('folder'), 'x']]), path('folder'));
    expect(['page', 'figures'].map((name) => readFileSync(path(name), 'utf8'))).toEqual(['new', 'new']);
  });

  it('names a path that cannot be written', () => {
    put(path('file'));
    expectRefusal(() => writeFileAtomic(path('file', 'a.csv'), 'x'), path('file', 'a.csv'), 'ENOTDIR');
    expectRefusal(() => writeFileAtomic(path('absent', 'a.csv'), 'x'), path('absent', 'a.csv'), 'ENOENT');
    mkdirSync(path('folder', 'full'), { recursive: true });
    expectRefusal(() => writeFileAtomic(path('folder'), 'x'), path('folder'), 'a folder or a device');
    expect(readdirSync(path()).sort()).toEqual(['file', 'folder']);
  });

  it('can be asked before the work, which leaves no trace', () => {
    requireWritable(path('new'));
    expect(readdirSync(path())).toEqual([]);
    put(path('old'));
    const before = readFileSync(path('old'));
    requireWritable(path('old'));
    expect(readFileSync(path('old'))).toEqual(before);
    expectRefusal(() => requireWritable(path('absent', 'a.csv')), path('absent', 'a.csv'), 'ENOENT');
    expect(readdirSync(path())).toEqual(['old']);
  });

  it('names a folder in which it has no right to write', async () => {
    mkdirSync(path('locked'));
    chmodSync(path('locked'), 0o555);
    chmodSync(path(), 0o755);
    await withoutRoot(() => {
      expectRefusal(() => writeFileAtomic(path('locked', 'a'), 'x'), path('locked', 'a'), 'EACCES', 'permissions');
      expectRefusal(() => writeFolderAtomic(path('locked', 'run'), () => {}), path('locked', 'run'), 'EACCES');
    });
  });

  it('keeps the old file and removes its own when the disk is full', async (context) => {
    await onSmallDisk(context, path('disk'), (disk) => {
      writeFileAtomic(join(disk, 'a'), 'old');
      expectRefusal(() => writeFileAtomic(join(disk, 'a'), Buffer.alloc(1e6)), join(disk, 'a'), 'ENOSPC', 'no space');
      expect(readFileSync(join(disk, 'a'), 'utf8')).toBe('old');
      expect(readdirSync(disk)).toEqual(['a']);
    });
  });
});

describe('writeFileAtomicAsync', () => {
  it('writes and replaces, also through a symbolic link, and leaves nothing else behind', async () => {
    await writeFileAtomicAsync(path('a.json'), 'first');
    await writeFileAtomicAsync(path('a.json'), Uint8Array.of(1, 2));
    expect([...readFileSync(path('a.json'))]).toEqual([1, 2]);
    symlinkSync('a.json', path('link'));
    await writeFileAtomicAsync(path('link'), 'through');
    expect(readFileSync(path('a.json'), 'utf8')).toBe('through');
    expect(readdirSync(path()).sort()).toEqual(['a.json', 'link']);
  });

  it('names what cannot be written', async () => {
    mkdirSync(path('folder'));
    await expectRejection(() => writeFileAtomicAsync(path('folder'), 'x'), path('folder'), 'it is a folder');
    await expectRejection(() => writeFileAtomicAsync(path('absent', 'a'), 'x'), path('absent', 'a'), 'ENOENT');
  });

  it('keeps the old file and removes its own when the disk is full', async (context) => {
    await onSmallDisk(context, path('disk'), async (disk) => {
      await writeFileAtomicAsync(join(disk, 'a'), 'old');
      await expectRejection(() => writeFileAtomicAsync(join(disk, 'a'), Buffer.alloc(1e6)), join(disk, 'a'), 'ENOSPC');
      expect(readFileSync(join(disk, 'a'), 'utf8')).toBe('old');
      expect(readdirSync(disk)).toEqual(['a']);
    });
  });
});

describe('writeFolderAtomic', () => {
  const write = (content: string) => (folder: string) => {
    mkdirSync(join(folder, 'deeper'));
    writeFileSync(join(folder, 'deeper', 'a'), content);
  };
  const content = () => readFileSync(join(completeFolder(path('run')) ?? '', 'deeper', 'a'), 'utf8');

  it('writes and replaces, and leaves nothing else behind', () => {
    writeFolderAtomic(path('run'), write('first'));
    expect(content()).toBe('first');
    writeFolderAtomic(`${path('run')}/`, write('second'));
    expect(content()).toBe('second');
    expect(readdirSync(path())).toEqual(['run']);
  });

  it('keeps the old folder when filling fails, and passes the fault on', () => {
    writeFolderAtomic(path('run'), write('first'));
    const fault = new TypeError('a fault of ours');
    const fill = (folder: string) => {
      write('second')(folder);
      throw fault;
    };
    expect(() => writeFolderAtomic(path('run'), fill)).toThrow(fault);
    expect(content()).toBe('first');
    expect(readdirSync(path())).toEqual(['run']);
  });

  it('names a folder that cannot be written', () => {
    put(path('file'));
    expectRefusal(() => writeFolderAtomic(path('file', 'run'), write('x')), path('file', 'run'), 'ENOTDIR');
    expectRefusal(() => writeFolderAtomic(path('absent', 'run'), write('x')), path('absent', 'run'), 'ENOENT');
  });

  it('keeps the old folder when the disk is full', async (context) => {
    await onSmallDisk(context, path('disk'), (disk) => {
      const run = join(disk, 'run');
      writeFolderAtomic(run, write('old'));
      expectRefusal(() => writeFolderAtomic(run, write('x'.repeat(1e6))), run, 'ENOSPC', 'no space');
      expect(readFileSync(join(run, 'deeper', 'a'), 'utf8')).toBe('old');
      expect(readdirSync(disk)).toEqual(['run']);
    });
  });

  it('recovers from a kill between its two renames', () => {
    writeFolderAtomic(path('run'), write('first'));
    renameSync(path('run'), path('run.old'));
    mkdirSync(path('run.partial'));
    write('second')(path('run.partial'));
    expect(completeFolder(path('run'))).toBe(path('run.old'));
    expect(content()).toBe('first');

    expect(() => writeFolderAtomic(path('run'), () => expect.fail('a second fault'))).toThrow('a second fault');
    expect(completeFolder(path('run'))).toBe(path('run'));
    expect(content()).toBe('first');
    writeFolderAtomic(path('run'), write('third'));
    expect(content()).toBe('third');
    expect(readdirSync(path())).toEqual(['run']);
  });

  it('recovers from a kill before the old folder was removed', () => {
    writeFolderAtomic(path('run'), write('second'));
    mkdirSync(path('run.old'));
    expect(content()).toBe('second');
    writeFolderAtomic(path('run'), write('third'));
    expect(content()).toBe('third');
    expect(readdirSync(path())).toEqual(['run']);
  });

  it('stays on the disk that a link leads to, with the rights of the old one, and replaces no file', () => {
    mkdirSync(path('disk'));
    symlinkSync(path('disk', 'run'), path('run'));
    writeFolderAtomic(path('run'), write('first'));
    chmodSync(path('disk', 'run'), 0o700);
    chmodSync(path('disk', 'run', 'deeper', 'a'), 0o600);
    writeFolderAtomic(path('run'), write('second'));
    expect(content()).toBe('second');
    expect(lstatSync(path('run')).isSymbolicLink()).toBe(true);
    expect(readdirSync(path('disk'))).toEqual(['run']);
    const modes = [path('disk', 'run'), path('disk', 'run', 'deeper', 'a')].map((each) => lstatSync(each).mode & 0o777);
    expect(modes).toEqual([0o700, 0o600]);
    renameSync(path('disk', 'run'), path('disk', 'run.old'));
    expect(content()).toBe('second');
    put(path('file'));
    expectRefusal(() => writeFolderAtomic(path('file'), write('x')), path('file'), 'no folder');
  });

  it('has no complete folder before the first write', () => {
    expect(completeFolder(path('run'))).toBeUndefined();
  });

  it('leaves the old folder when the process is killed while it fills', () => {
    const child = spawnSync(process.execPath, ['--import', 'tsx', writer, path('run'), '3'], { encoding: 'utf8' });
    expect(child.signal).toBe('SIGKILL');
    expect(child.stdout).toBe('1\n2\n');
    expect(existsSync(path('run.partial', '2.bin'))).toBe(true);
    expect(generationOf(path('run'))).toBe(2);
  });

  it('leaves a complete folder when the process is killed at any moment', async () => {
    let last = 0;
    for (let round = 0; round < 6; round++) {
      const told = await killAfter(path('run'), 3 + 11 * round);
      const generation = generationOf(path('run'));
      // What was announced is there; one more may have been finished before the kill.
      expect(generation - told).toBeGreaterThanOrEqual(0);
      expect(generation - told).toBeLessThanOrEqual(1);
      expect(told).toBeGreaterThan(last);
      last = told;
    }
  });
});

/** Starts the writer, kills it some time after it has written once, and gives the last generation that it announced. */
function killAfter(folder: string, milliseconds: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', writer, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (text) => {
      if (output === '') setTimeout(() => child.kill('SIGKILL'), milliseconds);
      output += text;
    });
    child.on('error', reject);
    child.on('close', () => resolve(Math.max(...output.trim().split('\n').map(Number))));
  });
}
