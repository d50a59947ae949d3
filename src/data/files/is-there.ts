import { lstatSync } from 'node:fs';

/** Whether a path has an entry, be it a link that leads nowhere: who reads it says so. */
export function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
