import { readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';

/**
 * Where a path leads, through links, be there something yet or not: two paths of one place give the same, and what is written there stays
 * on the disk that a link leads to. Of links that lead in a circle it is the last place before them.
 */
export function realPlace(path: string): string {
  const whole = resolve(path);
  try {
    return realpathSync.native(whole);
  } catch (error) {
    const above = dirname(whole);
    if (above === whole) return whole;
    const place = join(realPlace(above), basename(whole));
    const isCircle = error instanceof Error && 'code' in error && error.code === 'ELOOP';
    const target = isCircle ? null : linkTarget(place);
    return target === null ? place : realPlace(resolve(dirname(place), target));
  }
}

/** What the system shows of devices and of the files that processes have open; `/dev/shm` holds files. */
const SYSTEM = /^\/(?:dev\/(?!shm\/)|proc\/)/;

/** Whether a path lies there or is a link that leads through it, as `/dev/stdout`: the file behind is in the hands of somebody else. */
export function leadsThroughSystem(path: string): boolean {
  const whole = resolve(path);
  const place = join(realPlace(dirname(whole)), basename(whole));
  const target = linkTarget(place);
  return SYSTEM.test(place) || (target !== null && leadsThroughSystem(resolve(dirname(place), target)));
}

/** Null for what is no link. */
function linkTarget(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

/** Whether a path leads to a folder, or to something in it. */
export function isWithin(folder: string, path: string): boolean {
  const way = relative(realPlace(folder), realPlace(path));
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
