import { lstatSync } from 'node:fs';

/** Whether a path has an entry, be it a link that leads nowhere, or one that nobody may look at: who reads it says so. */
export function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}
