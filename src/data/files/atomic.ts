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
 * Writes a file so that its final name holds the old content or the new one, never a part: a temporary file in the same
 * folder is written, synced and renamed over it, or over what a symbolic link points to. The folder must exist.
 *
 * @param data all of it, or piece by piece
 * @throws CyclopsError that names the path and the cause; the temporary file is gone then.
 */
export function writeFileAtomic(path: string, data: string | Uint8Array | Iterable<string>): void {
  try {
    const target = fileBehind(path);
    const temporary = temporaryFor(target);
    try {
      if (typeof data === 'string' || data instanceof Uint8Array) writeFileSync(temporary, data);
      else writePieces(temporary, data);
      syncFile(temporary);
      renameSync(temporary, target);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
    syncFolder(dirname(target));
  } catch (error) {
    throw fileError(error, 'write', path);
  }
}

function writePieces(path: string, pieces: Iterable<string>): void {
  const file = openSync(path, 'w');
  try {
    for (const piece of pieces) writeFileSync(file, piece);
  } finally {
    closeSync(file);
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

function temporaryFor(target: string): string {
  return join(dirname(target), `.${basename(target)}.${process.pid}.partial`);
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
