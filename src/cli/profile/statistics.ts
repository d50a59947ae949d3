/** Repeated measurements of one thing. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly runs: number;
}

/** @param values at least one */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const [min, max] = [sorted[0], sorted.at(-1)];
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  if (min === undefined || max === undefined || low === undefined || high === undefined) {
    throw new Error('Nothing was measured.');
  }
  return { median: (low + high) / 2, min, max, runs: sorted.length };
}

/** Runs are repeated at least so often, then until so much time has passed, but not without end. */
const LEAST_RUNS = 5;
const MOST_RUNS = 50;

/** A thing that was measured once. */
export function single(value: number): Spread {
  return { median: value, min: value, max: value, runs: 1 };
}

/**
 * Measures again and again.
 *
 * @param measure one run and its figure. @param warmUp runs before those that count
 * @param seconds after which the least number of runs is enough
 */
export async function repeat(measure: () => Promise<number>, warmUp: number, seconds: number): Promise<Spread> {
  for (let run = 0; run < warmUp; run++) await measure();
  const values: number[] = [];
  const start = performance.now();
  while (values.length < LEAST_RUNS || (values.length < MOST_RUNS && performance.now() - start < 1000 * seconds)) {
    values.push(await measure());
  }
  return spread(values);
}

/** e.g. `12.3 (11.9 to 14.0)`. */
export function spreadText({ median, min, max }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)} to ${max.toFixed(digits)})`;
}
