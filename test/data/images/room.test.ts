import { expect, it } from 'vitest';
import { type Claim, Room } from '../../../src/data/images/room.ts';

/** Which of these claims got what they asked for. */
async function granted(asked: readonly Promise<void>[]): Promise<boolean[]> {
  const got = asked.map(() => false);
  asked.forEach((promise, i) => {
    promise.then(() => {
      got[i] = true;
    });
  });
  await new Promise((resolve) => setImmediate(resolve));
  return got;
}

it('lets in what fits, and the first whatever it needs', async () => {
  const room = new Room(100);
  const [a, b, c, d] = [room.claim(), room.claim(), room.claim(), room.claim()] as const;
  const asked = [a.take(30), b.take(60), c.take(20), d.take(1)];
  // What came later does not overtake: else the third might wait for ever.
  expect(await granted(asked)).toEqual([true, true, false, false]);
  b.keep(10);
  expect(await granted(asked)).toEqual([true, true, true, true]);
  const more = a.take(1000);
  expect(await granted([more])).toEqual([true]);
  const last = [b.take(1), c.take(5000)];
  expect(await granted(last)).toEqual([false, false]);
  a.release();
  expect(await granted(last)).toEqual([true, false]);
  b.release();
  b.release();
  expect(await granted(last)).toEqual([true, true]);
});

it('never holds more than it has and one image besides, in any order, and lets everyone in', async () => {
  for (let round = 0; round < 50; round++) {
    const room = new Room(100);
    let [used, most, done] = [0, 0, 0];
    const worker = async (claim: Claim) => {
      let own = 0;
      for (let times = Math.floor(4 * Math.random()); times >= 0; times--) {
        const bytes = Math.floor(90 * Math.random());
        await claim.take(bytes);
        own += bytes;
        used += bytes;
        most = Math.max(most, used);
        await new Promise((resolve) => setImmediate(resolve));
      }
      used -= own;
      claim.release();
      done += 1;
    };
    await Promise.all(Array.from({ length: 12 }, () => room.claim()).map(worker));
    expect([used, done]).toEqual([0, 12]);
    expect(most).toBeLessThanOrEqual(100 + 4 * 90);
  }
});
