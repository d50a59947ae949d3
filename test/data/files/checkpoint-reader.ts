import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { completeFolder } from '../../../src/data/files/atomic.ts';

export const FILE_COUNT = 6;
export const VALUES = 20000;

/** The generation of the complete folder; throws when files are missing, short or of different generations. */
export function generationOf(folder: string): number {
  const complete = completeFolder(folder);
  if (complete === undefined) throw new Error(`no complete folder for ${folder}`);
  const found = new Set<number>();
  const names = readdirSync(complete);
  for (const name of names) {
    const bytes = readFileSync(join(complete, name));
    for (let at = 0; at < bytes.length; at += 4) found.add(bytes.readInt32LE(at));
    if (bytes.length !== 4 * VALUES) throw new Error(`${name} has ${bytes.length} bytes`);
  }
  const [generation] = found;
  if (names.length !== FILE_COUNT || found.size !== 1 || generation === undefined) {
    throw new Error(`${names.length} files of the generations ${[...found]}`);
  }
  return generation;
}
