import { expect, it } from 'vitest';
import { CyclopsError } from '../../../src/gpu/errors.ts';
import { BYTES_AHEAD, madeAhead } from '../../../src/workflow/images/ahead.ts';

const MIB = 2 ** 20;
const turn = () => new Promise((resolve) => setImmediate(resolve));

it('gives results and reasons in their order', async () => {
  const make = async (item: number) => {
    for (let turns = 10 - item; turns > 0; turns--) await turn();
    if (item === 3) throw new CyclopsError('three is broken');
    return 2 * item;
  };
  const came: unknown[] = [];
  for await (const { made, reason } of madeAhead([0, 1, 2, 3, 4, 5], make, () => 1)) came.push(made ?? reason);
  expect(came).toEqual([0, 2, 4, 'three is broken', 8, 10]);
});

it('bounds the bytes in flight whatever comes first: a small image, then large ones', async () => {
  const sizes = [1, ...Array.from({ length: 40 }, () => Math.ceil(200 * Math.random()))].map((size) => size * MIB);
  const largest = Math.max(...sizes);
  let [used, most] = [0, 0];
  const make = async (bytes: number, take: (bytes: number) => Promise<void>) => {
    // The file, and then what its decoder needs besides.
    await take(bytes / 4);
    await take((7 * bytes) / 4);
    used += 2 * bytes;
    most = Math.max(most, used);
    await turn();
    used -= bytes;
    return bytes;
  };
  let count = 0;
  for await (const { made } of madeAhead(sizes, make, (bytes) => bytes)) {
    count += 1;
    for (let turns = 5; turns > 0; turns--) await turn();
    used -= made ?? 0;
  }
  expect([count, used]).toEqual([sizes.length, 0]);
  expect(most).toBeLessThanOrEqual(BYTES_AHEAD + 2 * largest);
});
