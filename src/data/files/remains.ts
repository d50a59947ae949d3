/** Names under which files grow, by which what a killed writer left behind is known again. */
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
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

interface OldRemains {
  /** Of the names of files, as they are when they are complete; all unless it is given. */
  isOwn?: (file: string) => boolean;
  /** Whether folders below are looked into too. */
  recursive?: boolean;
}

/**
 * Removes what killed writers left in a folder an hour ago or earlier, where there is one: where nobody holds it alone, another may be
 * writing the same files now.
 *
 * @throws CyclopsError when something cannot be removed
 */
export function removeOldRemains(folder: string, { isOwn = () => true, recursive = false }: OldRemains = {}): void {
  try {
    if (!existsSync(folder)) return;
    for (const path of readdirSync(folder, { recursive, encoding: 'utf8' })) {
      const file = GROWING.exec(basename(path))?.[1];
      if (file === undefined || !isOwn(file)) continue;
      const remains = join(folder, path);
      const written = statSync(remains, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY;
      if (Date.now() - written > DEAD_AFTER_MS) rmSync(remains, { force: true });
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
