/** Repeated measurements of one thing. */
export interface Spread {
  readonly median: number;
  /** The median of many more runs lies from `low` to `high` with 95 % confidence; of five runs, whose extremes these are, with 94. */
  readonly low: number;
  readonly high: number;
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
  return { median: (low + high) / 2, ...medianInterval(sorted), min, max, runs: sorted.length };
}

/** Where as many values lie outside on either side as chance, a coin's toss a value, puts there in 2.5 % of all cases at most. */
function medianInterval(sorted: readonly number[]): { low: number; high: number } {
  const count = sorted.length;
  let [outside, chance, term] = [0, 0, 2 ** -count];
  while (outside < count / 2 - 1 && chance + term <= 0.025) {
    chance += term;
    term *= (count - outside) / (outside + 1);
    outside += 1;
  }
  // `outside` values may lie below the interval: it begins with the last of them.
  const first = Math.max(0, outside - 1);
  return { low: sorted[first] ?? Number.NaN, high: sorted[count - 1 - first] ?? Number.NaN };
}

/** Runs are repeated at least so often, then until so much time has passed, but not without end. */
const LEAST_RUNS = 5;
const MOST_RUNS = 50;

/** A thing that was measured once. */
export function single(value: number): Spread {
  return { median: value, low: value, high: value, min: value, max: value, runs: 1 };
}

/**
 * Measures again and again.
 *
 * @param measure one run and its figure. @param warmUp runs before those that count
 * @param seconds after which the least number of runs is enough
 */
export async function repeat(measure: () => Promise<number>, warmUp: number, seconds: number): Promise<Spread> {
  for (let run = 0; run < warmUp; run++) await measure();
  const [values] = await inTurns([measure], seconds);
  return spread(values ?? []);
}

/**
 * Measures several things again and again, in turns, so that what else the machine does meets all of them alike. Each round begins with
 * another one.
 *
 * @param seconds for each of them, after which the least number of rounds is enough @returns the figures of each, round by round
 */
export async function inTurns(measures: readonly (() => Promise<number>)[], seconds: number): Promise<number[][]> {
  const values = measures.map((): number[] => []);
  const start = performance.now();
  const isOver = () => performance.now() - start >= 1000 * seconds * measures.length;
  for (let round = 0; round < LEAST_RUNS || (round < MOST_RUNS && !isOver()); round++) {
    for (const turn of measures.keys()) {
      const which = (turn + round) % measures.length;
      values[which]?.push((await measures[which]?.()) ?? Number.NaN);
    }
  }
  return values;
}

/** e.g. `12.3 (11.9 to 14.0)`. */
export function spreadText({ median, min, max }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)} to ${max.toFixed(digits)})`;
}

/** The same with the interval of the median, e.g. `12.3 (11.9 to 12.9)`. */
export function intervalText({ median, low, high }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`;
}
