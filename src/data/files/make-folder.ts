import { mkdirSync } from 'node:fs';
import { fileError } from './fs-error.ts';

/** Makes a folder, and those above it, where there is none. @throws CyclopsError when it cannot be made */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw fileError(error, 'make the folder', path);
  }
}
