import { UsageError } from '../common/usage-error.ts';

/** A share of a job that is divided by index. */
export interface Shard {
  /** From 1 to `of`. */
  number: number;
  /** How many shards the job has. */
  of: number;
}

/** A job that nobody divides. */
export const WHOLE: Shard = { number: 1, of: 1 };

/** Each leaves a file, and whoever collects reads them all. */
export const MOST_SHARDS = 10_000;

/** @throws UsageError for a shard that a job cannot have */
export function requireShard({ number, of }: Shard): void {
  const isWhole = Number.isInteger(number) && Number.isInteger(of);
  if (isWhole && number >= 1 && number <= of && of <= MOST_SHARDS) return;
  throw new UsageError(
    `The shard ${number}/${of} cannot be; expected a number from 1 to that of all shards, ${MOST_SHARDS} at most, such as 3/16.`,
  );
}

/** A shard's own items: those that follow one another, as many as any other shard has, or one more. */
export function ownOf<T>(items: readonly T[], { number, of }: Shard): T[] {
  const begin = (shard: number) => Math.floor((shard * items.length) / of);
  return items.slice(begin(number - 1), begin(number));
}

/** The number of the shard that has the item at an index, from 0, of `count`. */
export function shardWith(index: number, count: number, of: number): number {
  return Math.ceil(((index + 1) * of) / count);
}

/** What a shard did. */
export interface ShardDone {
  /** Its pieces. */
  own: string[];
  /** Those of them that were not there yet. */
  names: string[];
  /** Whether all of its pieces are there now; not where the signal stopped it. */
  isWhole: boolean;
}
