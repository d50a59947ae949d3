import { afterAll, beforeAll, expect, test } from 'vitest';
import { ImagePool } from '../../src/cyclegan/pool.ts';
import type { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import { cast } from '../../src/tensor/cast.ts';
import { RandomStream } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { openPoisoned } from '../autograd/support.ts';

let device: Device;
beforeAll(async () => {
  device = await openPoisoned();
});
afterAll(() => device.close());

/** Draws as given, then nothing more. */
function replay(...draws: number[]) {
  return {
    uniform: () => {
      const draw = draws.shift();
      if (draw === undefined) throw new Error('one draw too many');
      return draw;
    },
  };
}

/** Images [N,1,3,1] that hold 10 id, 10 id + 1, 10 id + 2. */
function images(...ids: number[]): Tensor {
  return Tensor.from(
    device,
    ids.flatMap((id) => [10 * id, 10 * id + 1, 10 * id + 2]),
    [ids.length, 1, 3, 1],
  );
}

/** Queries a pool and returns the ids of what came back; each image must come back whole. */
async function ids(pool: ImagePool, ...sent: number[]): Promise<number[]> {
  const x = images(...sent);
  const out = scope(() => pool.query(x));
  const values = await out.data();
  expect(out.shape).toEqual(x.shape);
  x.dispose();
  out.dispose();
  return sent.map((_, i) => {
    const [first = Number.NaN, ...rest] = values.slice(3 * i, 3 * i + 3);
    expect(rest).toEqual([first + 1, first + 2]);
    return first / 10;
  });
}

test('fills up, then swaps or passes on as drawn, image by image', async () => {
  // Full after images 1 and 2. Draws: pass 3; swap 4 for place 1; pass 5 (exactly ½ is no swap); swap 6 for place 0.
  const pool = new ImagePool(2, replay(0.2, 0.9, 0.75, 0.5, 0.51, 0.49));
  expect(await ids(pool, 1)).toEqual([1]);
  expect(await ids(pool, 2, 3)).toEqual([2, 3]);
  expect(await ids(pool, 4, 5)).toEqual([2, 5]);
  expect(await ids(pool, 6)).toEqual([1]);
  const state = await pool.state();
  expect(state?.shape).toEqual([2, 1, 3, 1]);
  expect([...(state?.data ?? [])]).toEqual([60, 61, 62, 40, 41, 42]);
  pool.dispose();
});

test('an image may be swapped for one of its own batch', async () => {
  const pool = new ImagePool(1, replay(0.9, 0, 0.9, 0));
  expect(await ids(pool, 1, 2, 3)).toEqual([1, 1, 2]);
  pool.dispose();
});

test('a pool of size 0 passes on what comes and draws nothing', async () => {
  const pool = new ImagePool(0, replay());
  expect(await ids(pool, 1, 2)).toEqual([1, 2]);
  expect(await pool.state()).toBeNull();
});

test('what comes back is cut off from what made the images', () => {
  for (const size of [0, 3]) {
    const pool = new ImagePool(size, replay());
    const x = images(1);
    x.requiresGrad = true;
    const out = pool.query(x);
    expect(out.requiresGrad).toBe(false);
    expect(out.node).toBeNull();
    for (const part of [pool, x, out]) part.dispose();
  }
});

test('follows the rule for 600 images, and half of them come from the past', async () => {
  const [size, count] = [10, 600];
  const pool = new ImagePool(size, new RandomStream(3, 1));
  const sent = Array.from({ length: count }, (_, i) => i);
  const returned = await ids(pool, ...sent);

  const draws = new RandomStream(3, 1);
  const stored: number[] = [];
  const expected = sent.map((id) => {
    if (stored.length < size) {
      stored.push(id);
      return id;
    }
    if (draws.uniform() <= 0.5) return id;
    const place = Math.floor(draws.uniform() * size);
    const old = stored[place] ?? Number.NaN;
    stored[place] = id;
    return old;
  });
  expect(returned).toEqual(expected);
  const past = returned.filter((id, i) => id !== i).length / (count - size);
  // Binomial with p = ½ and 590 draws: ±0.08 is four standard deviations.
  expect(past).toBeGreaterThan(0.42);
  expect(past).toBeLessThan(0.58);
  pool.dispose();
});

test('a restored pool goes on as the saved one', async () => {
  const random = new RandomStream(5, 0);
  const pool = new ImagePool(4, random);
  await ids(pool, ...Array.from({ length: 9 }, (_, i) => i));
  const state = await pool.state();
  const copyOfRandom = new RandomStream(5, 0);
  copyOfRandom.position = random.position;
  const restored = new ImagePool(4, copyOfRandom);
  restored.loadState(device, state);
  const next = Array.from({ length: 20 }, (_, i) => 100 + i);
  expect(await ids(restored, ...next)).toEqual(await ids(pool, ...next));
  pool.dispose();
  restored.dispose();
});

test('a half-full pool is restored half full', async () => {
  const pool = new ImagePool(3, replay());
  await ids(pool, 1);
  const restored = new ImagePool(3, replay());
  await ids(restored, 7);
  restored.loadState(device, await pool.state());
  expect(await ids(restored, 2, 3)).toEqual([2, 3]);
  expect([...((await restored.state())?.data ?? [])]).toEqual([10, 11, 12, 20, 21, 22, 30, 31, 32]);
  pool.dispose();
  restored.dispose();
});

test('a pool of f16 images is saved in f32, goes on as before, and refuses others', async () => {
  const half = (...sent: number[]) => {
    const x = images(...sent);
    const out = scope(() => cast(x, 'f16'));
    x.dispose();
    return out;
  };
  const pool = new ImagePool(2, replay(0.9, 0), 'f16');
  for (const id of [1, 2]) {
    const x = half(id);
    scope(() => void pool.query(x));
    x.dispose();
  }
  expect(pool.bytes).toBe(2 * 3 * 2);
  const restored = new ImagePool(2, replay(0.9, 0), 'f16');
  restored.loadState(device, await pool.state());
  for (const one of [pool, restored]) {
    const x = half(3);
    const out = scope(() => one.query(x));
    expect([out.dtype, ...(await out.data())]).toEqual(['f16', 10, 11, 12]);
    expect([...((await one.state())?.data ?? [])]).toEqual([30, 31, 32, 20, 21, 22]);
    const wide = images(4);
    expect(() => one.query(wide)).toThrow(/holds images of f16; got Tensor f32/);
    for (const part of [x, out, wide, one]) part.dispose();
  }
});

test('more images than the pool holds are refused', async () => {
  const pool = new ImagePool(2, replay());
  const state = { shape: [3, 1, 1, 1], data: new Float32Array(3) };
  expect(() => pool.loadState(device, state)).toThrow(CyclopsError);
  expect(() => pool.loadState(device, state)).toThrow(/pool of 2 .*3 images.*--pool-size/);
});

test('images of another shape are refused', () => {
  const pool = new ImagePool(2, replay());
  const [x, other] = [images(1), Tensor.from(device, [1, 2, 3, 4], [1, 2, 2, 1])];
  const out = scope(() => pool.query(x));
  expect(() => scope(() => pool.query(other))).toThrow(/holds images of \[1, 3, 1\].*got \[2, 2, 1\].*--crop-size/);
  for (const part of [pool, x, other, out]) part.dispose();
});

test('a size that is no whole number is refused', () => {
  for (const size of [-1, 1.5, Number.NaN, Infinity]) {
    expect(() => new ImagePool(size, replay())).toThrow(CyclopsError);
    expect(() => new ImagePool(size, replay())).toThrow(`from 0 on; got ${size}`);
  }
});
