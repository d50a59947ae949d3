import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { BYTES_AHEAD } from '../../../src/workflow/images/ahead.ts';
import { doneBehind } from '../../../src/workflow/images/behind.ts';

/** Numbers from 0 on, and a record of how many were asked for and whether the source was ended. */
function numbers(count: number, failsAt = Number.POSITIVE_INFINITY) {
  const state = { asked: 0, ended: false };
  async function* source(): AsyncGenerator<number> {
    try {
      for (let i = 0; i < count; i++) {
        state.asked += 1;
        if (i === failsAt) throw new Error(`source ${i}`);
        yield i;
      }
    } finally {
      state.ended = true;
    }
  }
  return { state, source: source() };
}

async function taken<T>(items: AsyncIterable<T>): Promise<{ got: T[]; error: unknown }> {
  const got: T[] = [];
  try {
    for await (const item of items) got.push(item);
    return { got, error: null };
  } catch (error) {
    return { got, error };
  }
}

const cores = availableParallelism();

describe('doneBehind', () => {
  it('keeps the order whatever takes longest, does all work before its item is given, and as much at once as there are cores', async () => {
    const { source } = numbers(23);
    const done = new Set<number>();
    let [atWork, most] = [0, 0];
    const work = async (i: number) => {
      most = Math.max(most, ++atWork);
      await sleep(Math.random() * 20);
      atWork -= 1;
      done.add(i);
    };
    const got: number[] = [];
    for await (const i of doneBehind(source, { bytesOf: () => 1, work })) {
      expect(done.has(i)).toBe(true);
      got.push(i);
    }
    expect(got).toEqual(Array.from({ length: 23 }, (_, i) => i));
    expect(most).toBe(cores);
  });

  it('asks for the next item while work is under way, also before anybody takes the first', async () => {
    const { source, state } = numbers(100);
    let finish = () => {};
    const first = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const items = doneBehind(source, { bytesOf: () => 1, work: () => first });
    const next = items.next();
    await sleep(20);
    expect(state.asked).toBe(cores);
    finish();
    expect(await next).toEqual({ done: false, value: 0 });
    await items.return(undefined);
  });

  it('takes up no more memory than there is, beyond one item', async () => {
    const { source } = numbers(7);
    let [atWork, most] = [0, 0];
    const work = async () => {
      most = Math.max(most, ++atWork);
      await sleep(2);
      atWork -= 1;
    };
    expect((await taken(doneBehind(source, { bytesOf: () => BYTES_AHEAD, work }))).got).toHaveLength(7);
    expect(most).toBe(1);
  });

  it('throws what the work on an item throws after the items before it, when all other work has ended and the source too', async () => {
    const { source, state } = numbers(50);
    let atWork = 0;
    const work = async (i: number) => {
      atWork += 1;
      await sleep(i === 5 ? 1 : 15);
      atWork -= 1;
      if (i === 5) throw new Error('disk full');
    };
    const { got, error } = await taken(doneBehind(source, { bytesOf: () => 1, work }));
    expect([got, `${error}`]).toEqual([[0, 1, 2, 3, 4], 'Error: disk full']);
    expect([atWork, state.ended]).toEqual([0, true]);
    expect(state.asked).toBeLessThanOrEqual(5 + cores + 1);
  });

  it('gives what came before the source failed', async () => {
    const { source } = numbers(9, 4);
    const { got, error } = await taken(doneBehind(source, { bytesOf: () => 1, work: () => sleep(10) }));
    expect([got, `${error}`]).toEqual([[0, 1, 2, 3], 'Error: source 4']);
  });

  it('ends the work that was begun, and the source, where nobody takes more', async () => {
    const { source, state } = numbers(50);
    let atWork = 0;
    const work = async () => {
      atWork += 1;
      await sleep(10);
      atWork -= 1;
    };
    for await (const i of doneBehind(source, { bytesOf: () => 1, work })) if (i === 3) break;
    expect([atWork, state.ended]).toEqual([0, true]);
  });
});
