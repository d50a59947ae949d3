import { requireOptions, shown } from '../gpu/arguments.ts';
import type { Device } from '../gpu/device.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { type RandomSource, randomFill } from '../kernels/random.ts';
import { Tensor } from './tensor.ts';

/** Four 32-bit words, each in [0, 2^32). */
export type Words = readonly [number, number, number, number];

/**
 * Philox4x32-10: a bijection of 128-bit counters under a 64-bit key whose outputs pass for random (Salmon, Moraes, Dror,
 * Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011). All words in the order of the paper, lowest first.
 */
export function philox4x32(counter: Words, key: readonly [number, number]): Words {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, c0);
    const high1 = multiplyHigh(0xcd9e8d57, c2);
    const low0 = Math.imul(0xd2511f53, c0);
    const low1 = Math.imul(0xcd9e8d57, c2);
    [c0, c1, c2, c3] = [high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0];
    k0 = (k0 + 0x9e3779b9) | 0;
    k1 = (k1 + 0xbb67ae85) | 0;
  }
  return [c0 >>> 0, c1 >>> 0, c2 >>> 0, c3 >>> 0];
}

/** The upper word of a 64-bit product, from products of 16-bit halves. */
function multiplyHigh(a: number, b: number): number {
  const [aLow, aHigh, bLow, bHigh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const cross = aLow * bHigh + (middle & 0xffff);
  return aHigh * bHigh + (middle >>> 16) + (cross >>> 16);
}

/**
 * A sequence of random numbers on the host, chosen by a seed and a stream, that can be stopped and continued anywhere:
 * save `position`, and set it on a new instance.
 */
export class RandomStream {
  /** How many 32-bit words have been drawn. */
  position = 0;
  private block = -1;
  private words: Words = [0, 0, 0, 0];

  /** @throws CyclopsError unless `seed` is a whole number below 2^53 and `stream` one below 2^32. */
  constructor(
    readonly seed: number,
    readonly stream: number,
  ) {
    requireSource({ seed, stream });
  }

  /** Uniform in [0, 1), a multiple of 2^-24. */
  uniform(): number {
    return (this.word() >>> 8) * 2 ** -24;
  }

  /** A whole number in [0, n), each equally likely. @throws CyclopsError unless n is a whole number from 1 to 2^32 */
  integer(n: number): number {
    if (!(Number.isInteger(n) && n >= 1 && n <= 2 ** 32)) {
      throw new CyclopsError(`A random number is drawn below a whole number from 1 to 2^32; got ${shown(n)}.`);
    }
    const limit = 2 ** 32 - (2 ** 32 % n);
    let word = this.word();
    while (word >= limit) word = this.word();
    return word % n;
  }

  /** A copy of the items in random order (Fisher and Yates). */
  shuffle<T>(items: readonly T[]): T[] {
    const order = [...items];
    for (let last = order.length - 1; last > 0; last--) {
      const pick = this.integer(last + 1);
      // Both places lie inside the array.
      [order[last], order[pick]] = [order[pick]!, order[last]!];
    }
    return order;
  }

  private word(): number {
    const block = Math.floor(this.position / 4);
    if (block !== this.block) {
      const { seed, stream } = this;
      this.words = philox4x32([block >>> 0, (block / 2 ** 32) >>> 0, (seed / 2 ** 32) >>> 0, 0], [seed >>> 0, stream]);
      this.block = block;
    }
    const word = this.words[(this.position % 4) as 0 | 1 | 2 | 3];
    this.position += 1;
    return word;
  }
}

export interface UniformOptions extends RandomSource {
  low: number;
  high: number;
}

export interface NormalOptions extends RandomSource {
  mean: number;
  std: number;
}

/**
 * A tensor of values uniform in [low, high), up to rounding: value i is low + (high − low) · u with u the i-th number of
 * `new RandomStream(seed, stream)`.
 *
 * @throws CyclopsError unless `seed` is a whole number below 2^53 and `stream` one below 2^32, and low ≤ high, both
 * finite in f32 as is their distance.
 */
export function randomUniform(device: Device, shape: readonly number[], options: UniformOptions): Tensor {
  requireOptions('randomUniform', options);
  const { seed, stream, low, high } = options;
  requireSource({ seed, stream });
  requireFinite('randomUniform', { low, high });
  requireFinite('randomUniform', { 'high − low': high - low });
  if (!(low <= high)) throw new CyclopsError(`randomUniform needs low ≤ high; got low ${low} and high ${high}.`);
  const out = Tensor.empty(device, shape);
  randomFill(device, {
    ...{ distribution: 'uniform', source: { seed, stream }, offset: low, scale: high - low },
    ...{ out: out.slice, count: out.size },
  });
  return out;
}

/**
 * A tensor of normal values (Box–Muller; no value lies further than 5.8 standard deviations from the mean).
 *
 * @throws CyclopsError unless `seed` is a whole number below 2^53 and `stream` one below 2^32, and std is 0 or more, both finite in f32.
 */
export function randomNormal(device: Device, shape: readonly number[], options: NormalOptions): Tensor {
  requireOptions('randomNormal', options);
  const { seed, stream, mean, std } = options;
  requireSource({ seed, stream });
  requireFinite('randomNormal', { mean, std });
  if (!(std >= 0)) throw new CyclopsError(`randomNormal needs a std of 0 or more; got ${std}.`);
  const out = Tensor.empty(device, shape);
  randomFill(device, {
    ...{ distribution: 'normal', source: { seed, stream }, offset: mean, scale: std },
    ...{ out: out.slice, count: out.size },
  });
  return out;
}

function requireFinite(operation: string, numbers: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(numbers)) {
    if (typeof value === 'number' && Number.isFinite(Math.fround(value))) continue;
    throw new CyclopsError(`${operation} needs numbers that f32 can hold; got ${name} ${shown(value)}.`);
  }
}

function requireSource({ seed, stream }: RandomSource): void {
  const whole = Number.isSafeInteger(seed) && seed >= 0 && Number.isInteger(stream) && stream >= 0 && stream < 2 ** 32;
  if (whole) return;
  throw new CyclopsError(
    `A seed must be a whole number from 0 to 2^53 − 1 and a stream one below 2^32; got seed ${shown(seed)} and stream ${shown(stream)}.`,
  );
}
