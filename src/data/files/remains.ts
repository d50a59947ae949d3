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

/** Whether a file has the name of one that grows. Those of earlier versions had the number of the process in it. */
export function isRemains(name: string): boolean {
  return (
    /^\..+\.(?:[0-9a-f]{12}|\d+)\.partial$/.test(name) || /^scratch-[0-9a-f-]{36}$/.test(name) || name === '.write-test'
  );
}

/** A writer that has been silent for so long is dead. */
const DEAD_AFTER_MS = 3_600_000;

/**
 * Removes what killed writers of one file left beside it an hour ago or earlier: where nobody holds the folder alone, another may be writing
 * the same file now.
 *
 * @throws CyclopsError when it cannot be removed
 */
export function removeOldRemains(file: string): void {
  const folder = dirname(file);
  const isOwn = (name: string) => name.startsWith(`.${basename(file)}.`) && isRemains(name);
  try {
    for (const name of readdirSync(folder)) {
      const remains = join(folder, name);
      const written = isOwn(name) && statSync(remains, { throwIfNoEntry: false })?.mtimeMs;
      if (written && Date.now() - written > DEAD_AFTER_MS) rmSync(remains, { force: true });
    }
  } catch (error) {
    throw fileError(error, 'clear', folder);
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
