const MASK_64 = (1n << 64n) - 1n;

/**
 * A copy of the items in an order drawn by the seed (Fisher–Yates on SplitMix64; Steele, Lea, Flood, "Fast Splittable
 * Pseudorandom Number Generators", OOPSLA 2014). Independent of the engine and of the JavaScript runtime's own
 * generator, so that a seed means the same order everywhere.
 *
 * @param seed a whole number
 */
export function shuffled<T>(items: readonly T[], seed: number): T[] {
  const next = splitMix64(BigInt(seed));
  const order = [...items];
  for (let last = order.length - 1; last > 0; last--) {
    const pick = below(last + 1, next);
    // Both indices lie inside the array, which the type of an element cannot say.
    [order[last], order[pick]] = [order[pick] as T, order[last] as T];
  }
  return order;
}

/** The generator's sequence of 64-bit numbers for a seed. */
export function splitMix64(seed: bigint): () => bigint {
  let state = seed & MASK_64;
  return () => {
    state = (state + 0x9e3779b97f4a7c15n) & MASK_64;
    let z = state;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK_64;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK_64;
    return z ^ (z >> 31n);
  };
}

/** A number in [0, count), each equally likely: draws beyond the last full multiple of `count` are thrown away. */
function below(count: number, next: () => bigint): number {
  const n = BigInt(count);
  const limit = (1n << 64n) - ((1n << 64n) % n);
  let draw = next();
  while (draw >= limit) draw = next();
  return Number(draw % n);
}
