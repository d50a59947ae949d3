import {
  chmodSync,
  closeSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CyclopsError } from '../../gpu/errors.ts';
import { fileError } from './fs-error.ts';
import { realPlace } from './real-place.ts';
import { temporaryFor } from './remains.ts';

/** Where a file is to be, behind links, and who may read and write it. */
interface Target {
  path: string;
  /** Of the file that is there; undefined where none is, and a new one is as the user has new files. */
  mode: number | undefined;
}

/** @throws CyclopsError when something other than a file is there */
function targetAt(path: string): Target {
  const there = statSync(path, { throwIfNoEntry: false });
  if (there && !there.isFile())
    throw new CyclopsError(`Cannot write ${path}: it is a folder or a device. Name a file to write.`);
  return { path: realPlace(path), mode: permissions(there) };
}

function permissions(there: Stats | undefined): number | undefined {
  return there && there.mode & 0o777;
}

/**
 * A file that grows under a temporary name in the same folder, so that its final name holds the old content or the whole new one, never
 * a part: when it is complete it is synced and renamed over what is there, or over what a symbolic link points to, and those may read it
 * who might read the old one. The folder must exist. Every operation throws a CyclopsError that names the path and the cause.
 */
export class AtomicFile {
  private descriptor: number | null;

  private constructor(
    private readonly path: string,
    private readonly target: Target,
    private readonly temporary: string,
  ) {
    this.descriptor = openSync(temporary, 'wx', target.mode);
    // The user's mask may have taken something away.
    if (target.mode !== undefined) fchmodSync(this.descriptor, target.mode);
  }

  static open(path: string): AtomicFile {
    return naming(path, () => {
      const target = targetAt(path);
      return new AtomicFile(path, target, temporaryFor(target.path));
    });
  }

  write(data: string | Uint8Array): void {
    const { descriptor } = this;
    if (descriptor !== null) naming(this.path, () => writeFileSync(descriptor, data));
  }

  /** Makes sure that all of it is on the disk, so that nothing but the name is missing. */
  seal(): void {
    naming(this.path, () => {
      if (this.descriptor !== null) fsyncSync(this.descriptor);
      this.close();
    });
  }

  /** Gives the file its name. */
  complete(): void {
    this.seal();
    naming(this.path, () => {
      renameSync(this.temporary, this.target.path);
      syncFolder(dirname(this.target.path));
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

type Content = string | Uint8Array | Iterable<string | Uint8Array>;

/**
 * Writes an {@link AtomicFile} at once.
 *
 * @param data all of it, or piece by piece
 * @throws CyclopsError that names the path and the cause; the temporary file is gone then.
 */
export function writeFileAtomic(path: string, data: Content): void {
  writeTogether([[path, data]]);
}

/**
 * Writes files that must agree. All are on the disk before the first gets its name, and the old ones but the first are gone by then: a kill
 * may leave the first one without the others, but never an old file beside a new one.
 *
 * @throws CyclopsError as {@link writeFileAtomic}
 */
export function writeTogether(files: readonly (readonly [path: string, data: Content])[]): void {
  const opened: AtomicFile[] = [];
  try {
    for (const [path, data] of files) {
      const file = AtomicFile.open(path);
      opened.push(file);
      for (const piece of typeof data === 'string' || data instanceof Uint8Array ? [data] : data) file.write(piece);
      file.seal();
    }
    for (const [path] of files.slice(1)) removeOld(path);
    for (const file of opened) file.complete();
  } finally {
    for (const file of opened) file.abandon();
  }
}

function removeOld(path: string): void {
  naming(path, () => {
    const place = realPlace(path);
    rmSync(place, { force: true });
    syncFolder(dirname(place));
  });
}

/** Writes an {@link AtomicFile} while other work goes on. @throws CyclopsError likewise; the temporary file is gone then. */
export async function writeFileAtomicAsync(path: string, data: string | Uint8Array): Promise<void> {
  try {
    const target = targetAt(path);
    const temporary = temporaryFor(target.path);
    const file = await open(temporary, 'wx', target.mode);
    try {
      try {
        if (target.mode !== undefined) await file.chmod(target.mode);
        await file.writeFile(data);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, target.path);
      syncFolder(dirname(target.path));
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
  AtomicFile.open(path).abandon();
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
  const final = realPlace(finalDir);
  const partial = `${final}.partial`;
  const old = oldFolder(final);
  try {
    requireFolderOrNothing(final);
    restoreFolder(final);
    try {
      mkdirSync(partial);
      fill(partial);
      keepModes(final, partial);
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
  // Once more, since the writer may have got on between the two looks.
  return [finalDir, oldFolder(realPlace(finalDir)), finalDir].find((dir) => existsSync(dir));
}

/**
 * Tidies up behind a writer of `writeFolderAtomic(finalDir, …)` that was killed: what it had not completed is removed, and a folder that it
 * had put aside is put back, or removed where there is a newer one. For who alone may write there.
 *
 * @throws CyclopsError for a failed file operation
 */
export function restoreFolder(finalDir: string): void {
  const final = realPlace(finalDir);
  const old = oldFolder(final);
  try {
    rmSync(`${final}.partial`, { recursive: true, force: true });
    if (!existsSync(final) && existsSync(old)) renameSync(old, final);
    rmSync(old, { recursive: true, force: true });
  } catch (error) {
    throw fileError(error, 'write the folder', finalDir);
  }
}

function oldFolder(final: string): string {
  return `${final}.old`;
}

function requireFolderOrNothing(path: string): void {
  const there = statSync(path, { throwIfNoEntry: false });
  if (there && !there.isDirectory()) throw new CyclopsError(`${path} is there and is no folder; move it away.`);
}

/** Who may read and write the old folder and its files, and no others, may the new ones. */
function keepModes(old: string, made: string): void {
  const mode = permissions(statSync(old, { throwIfNoEntry: false }));
  if (mode === undefined) return;
  if (statSync(made).isDirectory()) for (const name of readdirSync(made)) keepModes(join(old, name), join(made, name));
  chmodSync(made, mode);
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
