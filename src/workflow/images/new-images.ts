import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ImageRef } from '../../data/datasets/dataset.ts';
import { type PassedOver, passedOverText } from '../../data/datasets/passed-over.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import type { Listener } from '../common/listener.ts';
import { imagesBelow } from './images-at.ts';
import { ToldOnce } from './told-once.ts';

/** How often a folder is looked at, in ms; less often where looking takes long. */
const INTERVAL = 250;
/** For so many ms nothing may have changed of a file that is whole; empty ones wait longer, since somebody may be about to write. */
const SETTLED = 1000;
const SETTLED_EMPTY = 10_000;

/** What tells one content of a file from another, and since when it is known. */
interface Seen {
  stamp: string;
  since: number;
  isEmpty: boolean;
  given: boolean;
}

/**
 * The images that come into a folder, or below it, from now on, as soon as each is whole: of several the oldest first. A file that is
 * written anew counts as another. What lies there already is not given.
 *
 * @param signal ends it @param onWarning is told how many those are, what is passed over, and where the folder is away for a while
 * @returns how many had come and were not given, since it was not known whether they are whole
 * @throws CyclopsError when the folder cannot be listed at first
 */
export async function* newImages(
  folder: string,
  {
    signal,
    onWarning,
    followLinks = false,
  }: Pick<Listener, 'signal' | 'onWarning'> & { followLinks?: boolean | undefined },
): AsyncGenerator<ImageRef[], number> {
  const known = new Map<string, Seen>();
  const told = new ToldOnce(SETTLED_EMPTY);
  let isMissing = false;
  for (let isFirst = true; !signal?.aborted; isFirst = false) {
    const begin = performance.now();
    try {
      const passed: PassedOver = {};
      const found = look({ root: folder, called: '', followLinks }, known, isFirst, passed);
      const text = passedOverText(told.news(passed, begin, isFirst));
      if (text) onWarning?.(`Warning: passed over: ${text}.`);
      if (isFirst && known.size > 0) {
        onWarning?.(
          `What lies in ${folder} already, ${known.size === 1 ? '1 image' : `${known.size} images`}, is not scored; score the folder without --watch for that.`,
        );
      }
      if (found.length > 0) yield found;
      isMissing = false;
    } catch (error) {
      if (!(error instanceof CyclopsError) || isFirst) throw error;
      if (!isMissing) onWarning?.(`${error.message} Waiting for it to come back.`);
      isMissing = true;
    }
    await sleep(Math.max(INTERVAL, 2 * (performance.now() - begin)));
  }
  return leftIn(folder, known, followLinks);
}

/** How many images of a folder were not given. */
function leftIn(folder: string, known: Map<string, Seen>, followLinks: boolean): number {
  const waiting = () => [...known.values()].filter(({ given }) => !given).length;
  try {
    const whole = look({ root: folder, called: '', followLinks }, known, false, {});
    return whole.length + waiting();
  } catch (error) {
    if (error instanceof CyclopsError) return waiting();
    throw error;
  }
}

/** What a file looks like from outside; null where it is gone. */
function stateOf(path: string): { stamp: string; isEmpty: boolean; written: number } | null {
  try {
    const status = statSync(path, { throwIfNoEntry: false });
    if (!status) return null;
    return {
      stamp: `${status.size} ${status.mtimeMs} ${status.ino}`,
      isEmpty: status.size === 0,
      written: status.mtimeMs,
    };
  } catch (error) {
    // A link in a circle, or a file of others: whoever reads it says so.
    const code = error instanceof Error && 'code' in error ? `${error.code}` : '';
    return { stamp: code, isEmpty: false, written: Date.now() };
  }
}

/** The images that are whole now and were not given yet. */
function look(
  folder: Parameters<typeof imagesBelow>[0],
  known: Map<string, Seen>,
  isFirst: boolean,
  passed: PassedOver,
): ImageRef[] {
  const now = performance.now();
  const whole: { ref: ImageRef; written: number }[] = [];
  const refs = imagesBelow(folder, passed);
  for (const ref of refs) {
    const state = stateOf(ref.path);
    if (!state) continue;
    const { stamp, isEmpty, written } = state;
    const before = known.get(ref.path);
    if (before?.stamp !== stamp) {
      known.set(ref.path, { stamp, since: now, isEmpty, given: isFirst });
    } else if (!before.given && now - before.since >= (before.isEmpty ? SETTLED_EMPTY : SETTLED)) {
      before.given = true;
      whole.push({ ref, written });
    }
  }
  // What was taken away may come again under its name.
  const present = new Set(refs.map(({ path }) => path));
  for (const path of known.keys()) if (!present.has(path)) known.delete(path);
  return whole.sort((a, b) => a.written - b.written).map(({ ref }) => ref);
}
