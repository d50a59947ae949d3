import { availableParallelism } from 'node:os';
import { CyclopsError } from '../../gpu/errors.ts';

/** Bytes that may wait, or be in the making, before they are taken; one result may be larger. */
export const BYTES_AHEAD = 2 ** 28;

/** What came of an item, or why nothing did. */
export type Attempt<Item, Made> = { item: Item; made: Made; reason: null } | { item: Item; made: null; reason: string };

/**
 * What `make` makes of each item, in their order, made ahead while earlier results are at work: as many at once as there are cores, and no
 * more than memory holds, going by the largest result so far.
 *
 * @param make may reject with a CyclopsError, which becomes the reason; any other error is thrown when its turn comes
 * @param bytesOf how much memory a result takes
 */
export async function* madeAhead<Item, Made>(
  items: Iterable<Item>,
  make: (item: Item) => Promise<Made>,
  bytesOf: (made: Made) => number,
): AsyncGenerator<Attempt<Item, Made>> {
  const cores = availableParallelism();
  const waiting = items[Symbol.iterator]();
  const underway: Promise<() => Attempt<Item, Made>>[] = [];
  let largest = 0;
  // The first alone, since nobody knows how large it is.
  const room = () => (largest === 0 ? 1 : Math.max(1, Math.min(2 * cores, Math.floor(BYTES_AHEAD / largest))));
  const begin = () => {
    while (underway.length < room()) {
      const next = waiting.next();
      if (next.done) return;
      underway.push(attempted(next.value, make));
    }
  };
  begin();
  for (let first = underway.shift(); first; first = underway.shift()) {
    const attempt = (await first)();
    if (attempt.reason === null) largest = Math.max(largest, bytesOf(attempt.made));
    begin();
    yield attempt;
  }
}

/** Never rejects, so that what goes wrong ahead waits for its turn: the result throws it then. */
async function attempted<Item, Made>(
  item: Item,
  make: (item: Item) => Promise<Made>,
): Promise<() => Attempt<Item, Made>> {
  try {
    const made = await make(item);
    return () => ({ item, made, reason: null });
  } catch (error) {
    return () => {
      if (error instanceof CyclopsError) return { item, made: null, reason: error.message };
      throw error;
    };
  }
}
