import { CyclopsError } from '../gpu/errors.ts';
import { visible } from '../report/parts/visible.ts';
import type { FileResult, UnreadableFile } from '../workflow/score.ts';
import { EXIT } from './failure.ts';

/** What scoring found. */
interface Found {
  flagged: number;
  /** Why files could not be read. */
  unreadable: readonly string[];
  total: number;
}

/** Counts results as they come. */
export class Tally implements Found {
  flagged = 0;
  total = 0;
  readonly #isWatching: boolean;
  readonly #unreadable: UnreadableFile[] = [];

  /** @param isWatching whether a file may come again, written anew: one that could not be read before counts as what it is now */
  constructor(isWatching: boolean) {
    this.#isWatching = isWatching;
  }

  get unreadable(): string[] {
    return this.#unreadable.map(({ reason }) => reason);
  }

  add(result: FileResult): void {
    const before = this.#isWatching ? this.#unreadable.findIndex(({ file }) => file === result.file) : -1;
    if (before >= 0) this.#unreadable.splice(before, 1);
    else this.total += 1;
    if (result.status === 'unreadable') this.#unreadable.push(result);
    if (result.status === 'flagged') this.flagged += 1;
  }
}

export interface ConcludeOptions {
  quiet: boolean;
  skipBroken: boolean;
  failOnAnomaly: boolean;
  /** Whether the files that cannot be read were told already. */
  told: boolean;
  /** Whether these are the images of one shard: collect judges what all of them found. */
  isShard: boolean;
}

export function tellUnreadable(reason: string): void {
  process.stderr.write(`unreadable: ${visible(reason)}\n`);
}

/** Says why files could not be read, unless that was told as it was found. */
function tellReasons(unreadable: readonly string[], { quiet, skipBroken, told, isShard }: ConcludeOptions): void {
  const isAllowed = skipBroken || isShard;
  if (!told && (!quiet || !isAllowed)) for (const reason of unreadable) tellUnreadable(reason);
}

/** Says, where an error or Ctrl-C ends scoring before the last of the files, why files could not be read until then and how many are left. */
export function concludeUnfinished({ unreadable, total }: Found, files: number, options: ConcludeOptions): void {
  if (total === 0) return;
  tellReasons(unreadable, options);
  if (total < files) process.stderr.write(`${files - total} of ${files} images were not judged.\n`);
}

/** Says what was left over, and chooses the exit code: unreadable files weigh more than flagged images, since nobody judged them. */
export function concludeScoring({ unreadable, flagged, total }: Found, options: ConcludeOptions): void {
  const { skipBroken, failOnAnomaly, isShard } = options;
  tellReasons(unreadable, options);
  const failsOnFlagged = failOnAnomaly && flagged > 0;
  if (!isShard && unreadable.length > 0 && (!skipBroken || unreadable.length === total)) {
    if (failsOnFlagged) process.stderr.write(`${flagged} of ${total} images flagged.\n`);
    throw unreadableError(unreadable.length, total, skipBroken, 'scored');
  }
  if (failsOnFlagged) process.exitCode = EXIT.flagged;
}

/** Why a command ends that could not read some of its images, or none. @param done what it did with the others */
export function unreadableError(count: number, total: number, skipBroken: boolean, done: string): CyclopsError {
  const advice = skipBroken
    ? 'None is left; repair or replace them.'
    : 'Repair or remove them, or leave them out with --skip-broken.';
  return new CyclopsError(`${count} of ${total} files could not be read, and were not ${done}. ${advice}`);
}
