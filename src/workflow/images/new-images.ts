import { setTimeout as sleep } from 'node:timers/promises';
import type { ImageRef } from '../../data/datasets/dataset.ts';
import { type PassedOver, passedOverText } from '../../data/datasets/passed-over.ts';
import { imageKind } from '../../data/images/formats.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import type { Listener } from '../common/listener.ts';
import { imagesBelow } from './images-at.ts';
import { KnownBeginnings } from './known-beginnings.ts';
import { stateOf } from './state-of.ts';
import { ToldOnce } from './told-once.ts';

/** How often a folder is looked at, in ms; less often where looking takes long. */
const INTERVAL = 250;
/** For so many ms nothing may have changed of a file that is whole. */
const SETTLED = 1000;
/**
 * For so many ms of one that cannot be read, since a writer may pause; of one without the ending of an image, since it may get its name when
 * it is whole; and of what is passed over.
 */
const PATIENCE = 10_000;

/** What tells one content of a file from another, and since when it is known. */
interface Seen {
  stamp: string;
  since: number;
  /** For so many ms it has to stay as it is before it is given. */
  wait: number;
  given: boolean;
}

interface WatchOptions extends Pick<Listener, 'signal' | 'onWarning'> {
  followLinks?: boolean | undefined;
}

/**
 * The images that come into a folder, or below it, from now on, as soon as each is whole: of several the oldest first. A file that is
 * written anew counts as another. What lies there already is not given. The signal ends it; `onWarning` is told how many those are, what
 * is passed over, and where the folder is away for a while. To take images throws a CyclopsError when the folder cannot be listed at first.
 */
export class NewImages implements AsyncIterable<ImageRef[]> {
  readonly #folder: string;
  readonly #options: WatchOptions;
  readonly #known = new Map<string, Seen>();
  readonly #beginnings = new KnownBeginnings();

  constructor(folder: string, options: WatchOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ImageRef[]> {
    const { signal, onWarning } = this.#options;
    const told = new ToldOnce(PATIENCE);
    let isMissing = false;
    for (let isFirst = true; !signal?.aborted; isFirst = false) {
      const begin = performance.now();
      try {
        const passed: PassedOver = {};
        const found = this.#look(isFirst, passed);
        const text = passedOverText(told.news(passed, begin, isFirst));
        if (text) onWarning?.(`Warning: passed over: ${text}.`);
        const { size } = this.#known;
        if (isFirst && size > 0) {
          onWarning?.(
            `What lies in ${this.#folder} already, ${size === 1 ? '1 image' : `${size} images`}, is not scored; score the folder without --watch for that.`,
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
  }

  /**
   * Takes an image back that cannot be read, unless nothing has changed of it for long: it is given again when that is so, or when it was
   * written on and is whole. @returns whether it was taken back
   */
  takeBack(path: string): boolean {
    const seen = this.#known.get(path);
    if (!seen || (seen.given && seen.wait === PATIENCE)) return false;
    seen.wait = PATIENCE;
    seen.given = false;
    return true;
  }

  /** How many images have come and were not given, or were taken back: it is not known whether they are whole. */
  waiting(): number {
    const known = () => [...this.#known.values()].filter(({ given }) => !given).length;
    try {
      const whole = this.#look(false, {});
      return whole.length + known();
    } catch (error) {
      if (error instanceof CyclopsError) return known();
      throw error;
    }
  }

  /** The images that are whole now and were not given yet. */
  #look(isFirst: boolean, passed: PassedOver): ImageRef[] {
    const now = performance.now();
    const whole: { ref: ImageRef; written: number }[] = [];
    const { followLinks = false } = this.#options;
    const begins = this.#beginnings.isImage;
    const refs = imagesBelow({ root: this.#folder, called: '', followLinks, begins }, passed);
    this.#beginnings.forgetOthers();
    for (const ref of refs) {
      const { stamp, written } = stateOf(ref.path);
      const before = this.#known.get(ref.path);
      if (before?.stamp !== stamp) {
        const wait = imageKind(ref.path) === 'none' ? PATIENCE : SETTLED;
        this.#known.set(ref.path, { stamp, since: now, wait, given: isFirst });
      } else if (!before.given && now - before.since >= before.wait) {
        before.given = true;
        whole.push({ ref, written });
      }
    }
    // What was taken away may come again under its name.
    const present = new Set(refs.map(({ path }) => path));
    for (const path of this.#known.keys()) if (!present.has(path)) this.#known.delete(path);
    return whole.sort((a, b) => a.written - b.written).map(({ ref }) => ref);
  }
}
