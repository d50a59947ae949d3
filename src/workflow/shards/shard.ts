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

/** @throws UsageError for a shard that a job cannot have */
export function requireShard({ number, of }: Shard): void {
  if (Number.isSafeInteger(number) && Number.isSafeInteger(of) && number >= 1 && number <= of) return;
  throw new UsageError(
    `The shard ${number}/${of} cannot be; expected a number from 1 to that of all shards, such as 3/16.`,
  );
}

/** A shard's own items: those that follow one another, as many as any other shard has, or one more. */
export function ownOf<T>(items: readonly T[], { number, of }: Shard): T[] {
  const begin = (shard: number) => Math.floor((shard * items.length) / of);
  return items.slice(begin(number - 1), begin(number));
}

/** The number of the shard that has an item. */
export function shardWith<T>(item: T, items: readonly T[], of: number): number {
  for (let number = 1; number < of; number++) if (ownOf(items, { number, of }).includes(item)) return number;
  return of;
}

/** What a shard has to do. */
export interface ShardWork {
  /** Its pieces. */
  own: string[];
  /** Those of them that were not there yet. */
  names: string[];
}

/** What a shard did. */
export interface ShardDone extends ShardWork {
  /** Whether all of its pieces are there now; not where the signal stopped it. */
  isWhole: boolean;
}
