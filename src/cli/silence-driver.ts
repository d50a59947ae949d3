import { randomUUID } from 'node:crypto';
import { closeSync, fstatSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const STANDARD_ERROR = 2;

/** What Dawn says at every start of limits that concern nobody here. */
const OF_NO_CONCERN = /^Warning: maxDynamic\w+ artificially reduced .*\n/gm;

/**
 * Does something while what native code writes to standard error, past everything that JavaScript could catch, is held back. Afterwards it is
 * told but for what concerns nobody; where all is well and nobody wants to hear, nothing. On Linux, where a file descriptor can be opened a
 * second time by its name, and where there is room to keep it; elsewhere it just does it.
 *
 * So too where standard error is a file: opened again, it would have a place of its own to write at, and whoever shares the file, such as
 * the shell with the next command, would write over what is said afterwards. Warnings in a log are better than a lost error.
 */
export async function silenceDriver<T>(work: () => Promise<T>, { isQuiet }: { isQuiet: boolean }): Promise<T> {
  const kept = process.platform === 'linux' && !isFile(STANDARD_ERROR) ? openAgain(STANDARD_ERROR) : null;
  const held = kept === null ? null : openNameless();
  if (kept === null || held === null) {
    if (kept !== null) closeSync(kept);
    return await work();
  }
  replaceStandardError(held);
  let isWell = false;
  try {
    const result = await work();
    isWell = true;
    return result;
  } finally {
    replaceStandardError(kept);
    closeSync(kept);
    const said = readFileSync(pathOf(held), 'utf8').replace(OF_NO_CONCERN, '');
    closeSync(held);
    if (!(isWell && isQuiet)) writeSync(STANDARD_ERROR, said);
  }
}

function isFile(descriptor: number): boolean {
  return fstatSync(descriptor).isFile();
}

/** Null where it cannot be opened again, as a socket. */
function openAgain(descriptor: number): number | null {
  try {
    return openSync(pathOf(descriptor), 'a');
  } catch {
    return null;
  }
}

/** A file that is gone when it is closed; null where none can be written. */
function openNameless(): number | null {
  const path = join(tmpdir(), `cyclops-${randomUUID()}`);
  try {
    const descriptor = openSync(path, 'ax', 0o600);
    unlinkSync(path);
    return descriptor;
  } catch {
    return null;
  }
}

/** The lowest free descriptor is taken by what is opened next. */
function replaceStandardError(descriptor: number): void {
  closeSync(STANDARD_ERROR);
  openSync(pathOf(descriptor), 'a');
}

function pathOf(descriptor: number): string {
  return `/proc/self/fd/${descriptor}`;
}
