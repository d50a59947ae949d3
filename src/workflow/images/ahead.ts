import { availableParallelism } from 'node:os';
import { type Claim, Room, type Take } from '../../data/images/room.ts';
import { CyclopsError } from '../../gpu/errors.ts';

/** Bytes that may wait, or be in the making, before they are taken; one result may be larger. */
export const BYTES_AHEAD = 2 ** 28;

/** What came of an item, or why nothing did. */
export type Attempt<Item, Made> = { item: Item; made: Made; reason: null } | { item: Item; made: null; reason: string };

/**
 * What `make` makes of each item, in their order, made ahead while earlier results are at work: as many at once as there are cores twice, and
 * no more than memory holds.
 *
 * @param make says by `take` what memory it is about to need; it may reject with a CyclopsError, which becomes the reason; any other error is
 * thrown when its turn comes
 * @param bytesOf how much memory a result takes, until the next one is asked for
 */
export async function* madeAhead<Item, Made>(
  items: Iterable<Item>,
  make: (item: Item, take: Take) => Promise<Made>,
  bytesOf: (made: Made) => number,
): AsyncGenerator<Attempt<Item, Made>> {
  const most = 2 * availableParallelism();
  const waiting = items[Symbol.iterator]();
  const room = new Room(BYTES_AHEAD);
  const underway: { claim: Claim; attempt: Promise<() => Attempt<Item, Made>> }[] = [];
  const begin = () => {
    while (underway.length < most) {
      const next = waiting.next();
      if (next.done) return;
      const claim = room.claim();
      const making = async (item: Item) => {
        const made = await make(item, claim.take);
        claim.keep(bytesOf(made));
        return made;
      };
      underway.push({ claim, attempt: attempted(next.value, making) });
    }
  };
  begin();
  for (let first = underway.shift(); first; first = underway.shift()) {
    const attempt = (await first.attempt)();
    begin();
    yield attempt;
    first.claim.release();
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
