import { closeSync, fstatSync, openSync } from 'node:fs';

const STANDARD_ERROR = 2;

/**
 * Does something while what native code writes to standard error goes nowhere: Dawn warns there of limits that concern nobody here, past
 * everything that JavaScript could catch. On Linux, where a file descriptor can be opened a second time by its name; elsewhere it just does it.
 *
 * So too where standard error is a file: opened again, it would have a place of its own to write at, and whoever shares the file, such as
 * the shell with the next command, would write over what is said afterwards. Warnings in a log are better than a lost error.
 */
export async function silenceDriver<T>(work: () => Promise<T>): Promise<T> {
  const kept = process.platform === 'linux' && !isFile(STANDARD_ERROR) ? openAgain(STANDARD_ERROR) : null;
  if (kept === null) return await work();
  replaceStandardError('/dev/null');
  try {
    return await work();
  } finally {
    replaceStandardError(pathOf(kept));
    closeSync(kept);
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

/** The lowest free descriptor is taken by what is opened next. */
function replaceStandardError(path: string): void {
  closeSync(STANDARD_ERROR);
  openSync(path, 'a');
}

function pathOf(descriptor: number): string {
  return `/proc/self/fd/${descriptor}`;
}
