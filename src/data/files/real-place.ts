import { realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';

/** Where a path leads, through links, be there something yet or not: two paths of one place give the same. */
export function realPlace(path: string): string {
  const whole = resolve(path);
  try {
    return realpathSync.native(whole);
  } catch {
    const above = dirname(whole);
    return above === whole ? whole : join(realPlace(above), basename(whole));
  }
}

/** Whether a path leads to a folder, or to something in it. */
export function isWithin(folder: string, path: string): boolean {
  const way = relative(realPlace(folder), realPlace(path));
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
