import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/** How often each file below a folder is opened while something is done, but for what libvips opens itself. */
export async function readsIn(root: string, work: () => Promise<unknown>): Promise<Map<string, number>> {
  const reads = new Map<string, number>();
  const note = (path: unknown) => {
    if (typeof path === 'string' && path.startsWith(root)) reads.set(path, (reads.get(path) ?? 0) + 1);
  };
  const { readFileSync, openSync } = fs;
  const { open, readFile } = fs.promises;
  const noted =
    <Args extends unknown[], Result>(read: (...args: Args) => Result) =>
    (...args: Args) => {
      note(args[0]);
      return read(...args);
    };
  Object.assign(fs, { readFileSync: noted(readFileSync), openSync: noted(openSync) });
  Object.assign(fs.promises, { open: noted(open), readFile: noted(readFile) });
  syncBuiltinESMExports();
  try {
    await work();
  } finally {
    Object.assign(fs, { readFileSync, openSync });
    Object.assign(fs.promises, { open, readFile });
    syncBuiltinESMExports();
  }
  return reads;
}
