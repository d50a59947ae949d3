import { statSync } from 'node:fs';

/** What a file looks like from outside. */
export function stateOf(path: string): { stamp: string; written: number } {
  try {
    const { size, mtimeMs, ino } = statSync(path);
    return { stamp: `${size} ${mtimeMs} ${ino}`, written: mtimeMs };
  } catch (error) {
    // A link to nowhere or in a circle, a name that is no UTF-8, or a file of others: whoever reads it says so.
    const code = error instanceof Error && 'code' in error ? `${error.code}` : '';
    return { stamp: code, written: Date.now() };
  }
}
