import { statSync } from 'node:fs';

/** False too where nothing is there, or nobody can tell, as of a link in a circle. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
