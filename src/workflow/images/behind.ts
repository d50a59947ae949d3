import { availableParallelism } from 'node:os';
import { BYTES_AHEAD } from './ahead.ts';

interface WorkOn<Item> {
  /** How much memory it takes; one item may take more than there is. */
  bytesOf: (item: Item) => number;
  work: (item: Item) => Promise<unknown>;
}

/**
 * Items in their order, each once the work on it is done. Meanwhile the next ones are asked for, so that the work runs behind what makes
 * them: on as many at once as there are cores, and no more than memory holds. Whoever stops taking items, and whoever gets an error, gets
 * on when all work that was begun has ended.
 *
 * @throws what the work on an item throws, in the item's place, and then what `items` throw
 */
export async function* doneBehind<Item>(
  items: AsyncIterable<Item>,
  { bytesOf, work }: WorkOn<Item>,
): AsyncGenerator<Item> {
  const source = items[Symbol.asyncIterator]();
  const underway: { item: Item; bytes: number; done: Promise<unknown> }[] = [];
  let coming: Promise<Asked<Item>> | null = null;
  let [isAtEnd, fault] = [false, () => {}];
  const hasRoom = () => {
    const bytes = underway.reduce((sum, other) => sum + other.bytes, 0);
    return !isAtEnd && underway.length < availableParallelism() && bytes < BYTES_AHEAD;
  };
  try {
    while (!isAtEnd || underway.length > 0) {
      if (hasRoom()) coming ??= asked(source);
      const [first] = underway;
      const waited: Promise<Asked<Item> | null>[] = first ? [first.done.then(() => null)] : [];
      if (coming) waited.push(coming);
      const came = await Promise.race(waited);
      if (came === null) {
        underway.shift();
        if (first) yield first.item;
        continue;
      }
      coming = null;
      if (came.item === null) {
        [isAtEnd, fault] = [true, came.fault];
        continue;
      }
      const { value } = came.item;
      const done = work(value);
      // Thrown where its turn comes.
      done.catch(() => {});
      underway.push({ item: value, bytes: bytesOf(value), done });
    }
    fault();
  } finally {
    await Promise.allSettled(underway.map(({ done }) => done));
    await source.return?.();
  }
}

/** The next item, or the end and what was thrown there. */
type Asked<Item> = { item: { value: Item } } | { item: null; fault: () => void };

/** Never rejects, so that what goes wrong waits until the items before it are done. */
async function asked<Item>(source: AsyncIterator<Item>): Promise<Asked<Item>> {
  try {
    const { done, value } = await source.next();
    return done ? { item: null, fault: () => {} } : { item: { value } };
  } catch (error) {
    return {
      item: null,
      fault: () => {
        throw error;
      },
    };
  }
}
