import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { CyclopsError } from '../gpu/errors.ts';

/**
 * Refuses to compute on a software device where files may not become as large as memory: Mesa's driver keeps the memory of its device in a
 * file without a name, does not notice when that may not grow, and the process would end in a bus error.
 *
 * @param limits what Linux says of this process; other systems have no such file
 * @throws CyclopsError
 */
export function requireFileSize(limits = ownLimits()): void {
  const soft = /^Max file size\s+(\d+)\s/m.exec(limits)?.[1];
  if (soft === undefined || Number(soft) >= totalmem()) return;
  throw new CyclopsError(
    `Files of this process may have ${soft} bytes at most (ulimit -f), and the software device, which keeps its memory in one, would end in a ` +
      "bus error. Lift the limit with 'ulimit -f unlimited', or compute on a GPU.",
  );
}

function ownLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return '';
  }
}
