import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileError } from './fs-error.ts';

/**
 * Makes a folder, and those above it, where there is none.
 *
 * @param task for the message @throws CyclopsError when it cannot be made
 */
export function makeFolder(path: string, task = 'make the folder'): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw fileError(causeOf(error, path), task, path);
  }
}

/** Of folders one in another Node says that there are none where the file system is read-only: the first of them, made alone, tells why. */
function causeOf(error: unknown, path: string): unknown {
  const above = dirname(path);
  if (above !== path && !existsSync(above)) return causeOf(error, above);
  try {
    mkdirSync(path);
    return error;
  } catch (cause) {
    return cause;
  }
}
