/** Names under which files grow, by which what a killed writer left behind is known again. */
import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileError } from './fs-error.ts';

/**
 * A name beside a file for its content until that is complete. Another for each writer, since processes of several machines, or of
 * containers, may have one number; and one that nobody can guess, to lay a link there.
 */
export function temporaryFor(target: string): string {
  return join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}.partial`);
}

/** The name of a file that grows, and in it that of the file that it becomes. */
const GROWING = /^\.(.+)\.(?:[0-9a-f]{12}|\d+)\.partial$/;

/** Whether a file has the name of one that grows. Those of earlier versions had the number of the process in it. */
export function isRemains(name: string): boolean {
  return GROWING.test(name) || /^scratch-[0-9a-f-]{36}$/.test(name) || name === '.write-test';
}

/** A writer that has been silent for so long is dead. */
const DEAD_AFTER_MS = 3_600_000;
/** Clocks of several machines differ by less: a file from further ahead got its time by chance, and tells nothing of its writer. */
const AHEAD_MS = 86_400_000;

/**
 * Removes what killed writers left in a folder an hour ago or earlier, or by a clock that was wrong, where there is one: where nobody holds it
 * alone, another may be writing the same files now. What the system does not let us see or remove is another's, and stays.
 *
 * @param isOwn of the names of files, as they are when they are complete
 */
export function removeOldRemains(folder: string, isOwn: (file: string) => boolean): void {
  for (const name of namesIn(folder)) {
    const file = GROWING.exec(name)?.[1];
    if (file !== undefined && isOwn(file)) removeWhenOld(join(folder, name));
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function removeWhenOld(path: string): void {
  try {
    const age = Date.now() - statSync(path).mtimeMs;
    if (age > DEAD_AFTER_MS || age < -AHEAD_MS) rmSync(path, { force: true });
  } catch {
    // Another has removed it meanwhile, or it is another's.
  }
}

/**
 * Removes from a folder what killed writers left: for who holds it alone.
 *
 * @param except names of files that others may be writing nevertheless @throws CyclopsError when it cannot be removed
 */
export function removeRemains(folder: string, except: readonly string[] = []): void {
  const isOfOthers = (name: string) => except.some((file) => name.startsWith(`.${file}.`));
  try {
    for (const name of readdirSync(folder)) {
      if (isRemains(name) && !isOfOthers(name)) rmSync(join(folder, name), { force: true });
    }
  } catch (error) {
    throw fileError(error, 'clear', folder);
  }
}
