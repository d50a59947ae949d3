import { availableParallelism } from 'node:os';

/** Bytes that may wait, or be in the making, before they are taken; one result may be larger. */
const BYTES = 2 ** 28;

/**
 * What `make` makes of each item, in their order, made ahead while earlier results are at work: as many at once as there are cores, and no
 * more than memory holds, going by the largest result so far.
 *
 * @param make never rejects @param bytesOf how much memory a result takes
 */
export async function* madeAhead<Item, Result>(
  items: Iterable<Item>,
  make: (item: Item) => Promise<Result>,
  bytesOf: (result: Result) => number,
): AsyncGenerator<Result> {
  const cores = availableParallelism();
  const waiting = items[Symbol.iterator]();
  const underway: Promise<Result>[] = [];
  let largest = 0;
  // The first alone, since nobody knows how large it is.
  const room = () => (largest === 0 ? 1 : Math.max(1, Math.min(2 * cores, Math.floor(BYTES / largest))));
  const begin = () => {
    while (underway.length < room()) {
      const next = waiting.next();
      if (next.done) return;
      underway.push(make(next.value));
    }
  };
  begin();
  for (let first = underway.shift(); first; first = underway.shift()) {
    const result = await first;
    largest = Math.max(largest, bytesOf(result));
    begin();
    yield result;
  }
}
