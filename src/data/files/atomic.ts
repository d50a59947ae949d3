import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { CyclopsError } from '../../gpu/errors.ts';
import { fileError } from './fs-error.ts';

/** The file behind a symbolic link, or the path itself. @throws CyclopsError when something other than a file is there */
function fileBehind(path: string): string {
  const there = statSync(path, { throwIfNoEntry: false });
  if (!there) return path;
  if (there.isFile()) return realpathSync(path);
  throw new CyclopsError(`Cannot write ${path}: it is a folder or a device. Name a file to write.`);
}

/**
 * A file that grows under a temporary name in the same folder, so that its final name holds the old content or the whole new one, never
 * a part: when it is complete it is synced and renamed over what is there, or over what a symbolic link points to. The folder must exist.
 * Every operation throws a CyclopsError that names the path and the cause.
 */
export class AtomicFile {
  private descriptor: number | null;

  private constructor(
    private readonly path: string,
    private readonly target: string,
    private readonly temporary: string,
  ) {
    this.descriptor = openSync(temporary, 'wx');
  }

  static open(path: string): AtomicFile {
    return naming(path, () => {
      const target = fileBehind(path);
      return new AtomicFile(path, target, temporaryFor(target));
    });
  }

  write(data: string | Uint8Array): void {
    const { descriptor } = this;
    if (descriptor !== null) naming(this.path, () => writeFileSync(descriptor, data));
  }

  /** Gives the file its name. */
  complete(): void {
    naming(this.path, () => {
      if (this.descriptor === null) return;
      fsyncSync(this.descriptor);
      this.close();
      renameSync(this.temporary, this.target);
      syncFolder(dirname(this.target));
    });
  }

  /** Removes what was written, unless it is complete. */
  abandon(): void {
    this.close();
    rmSync(this.temporary, { force: true });
  }

  private close(): void {
    if (this.descriptor !== null) closeSync(this.descriptor);
    this.descriptor = null;
  }
}

/**
 * Writes an {@link AtomicFile} at once.
 *
 * @param data all of it, or piece by piece
 * @throws CyclopsError that names the path and the cause; the temporary file is gone then.
 */
export function writeFileAtomic(path: string, data: string | Uint8Array | Iterable<string | Uint8Array>): void {
  const file = AtomicFile.open(path);
  try {
    for (const piece of typeof data === 'string' || data instanceof Uint8Array ? [data] : data) file.write(piece);
    file.complete();
  } finally {
    file.abandon();
  }
}

/** The same while other work goes on. @throws CyclopsError likewise; the temporary file is gone then. */
export async function writeFileAtomicAsync(path: string, data: string | Uint8Array): Promise<void> {
  try {
    const target = fileBehind(path);
    const temporary = temporaryFor(target);
    const file = await open(temporary, 'wx');
    try {
      try {
        await file.writeFile(data);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, target);
      syncFolder(dirname(target));
    } finally {
      await rm(temporary, { force: true });
    }
  } catch (error) {
    throw fileError(error, 'write', path);
  }
}

function naming<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw fileError(error, 'write', path);
  }
}

/**
 * Proves that a file could be written by {@link writeFileAtomic}, for those who would learn it only after long work. A file that
 * is there stays as it is.
 *
 * @throws CyclopsError as that would
 */
export function requireWritable(path: string): void {
  try {
    const temporary = temporaryFor(fileBehind(path));
    writeFileSync(temporary, '');
    rmSync(temporary);
  } catch (error) {
    throw fileError(error, 'write', path);
  }
}

/** Another for each writer: processes of several machines, or of containers, may have one number. */
function temporaryFor(target: string): string {
  return join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}.partial`);
}

/**
 * Writes a folder of files that belong together (a checkpoint) so that a complete one survives a kill at any moment.
 * `fill` writes into `<finalDir>.partial`; when that is synced, the folder under the final name is renamed to
 * `<finalDir>.old`, the new one takes its place, and the old one is removed. Two renames are needed because no portable
 * call swaps two folders: after a kill between them `completeFolder` finds the old one and the next write restores it.
 * One process at a time may write a given folder.
 *
 * @throws CyclopsError for a failed file operation; whatever `fill` throws otherwise. The old folder stays in place.
 */
export function writeFolderAtomic(finalDir: string, fill: (temporaryDir: string) => void): void {
  const final = resolve(finalDir);
  const partial = `${final}.partial`;
  const old = oldFolder(final);
  try {
    if (!existsSync(final) && existsSync(old)) renameSync(old, final);
    rmSync(partial, { recursive: true, force: true });
    rmSync(old, { recursive: true, force: true });
    try {
      mkdirSync(partial);
      fill(partial);
      syncTree(partial);
      if (existsSync(final)) renameSync(final, old);
      renameSync(partial, final);
    } catch (error) {
      if (!existsSync(final) && existsSync(old)) renameSync(old, final);
      rmSync(partial, { recursive: true, force: true });
      throw error;
    }
    syncFolder(dirname(final));
    rmSync(old, { recursive: true, force: true });
  } catch (error) {
    throw fileError(error, 'write the folder', finalDir);
  }
}

/**
 * The complete folder that `writeFolderAtomic(finalDir, …)` left: `finalDir`, or the one it had put aside when it was
 * killed between its two renames, or undefined when neither exists. Changes nothing, so that a reader may call it while
 * another process writes.
 */
export function completeFolder(finalDir: string): string | undefined {
  return [finalDir, oldFolder(finalDir)].find((dir) => existsSync(dir));
}

function oldFolder(finalDir: string): string {
  return `${resolve(finalDir)}.old`;
}

function syncTree(dir: string): void {
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) syncTree(path);
    else syncFile(path);
  }
  syncFolder(dir);
}

function syncFile(path: string): void {
  const handle = openSync(path, 'r+');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Makes created, renamed and removed names last. Windows cannot open a folder, and keeps its names without this. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
