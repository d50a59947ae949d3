/** What a contender does in its own process: set up each column, show what it computes, time it, and say so in one line of JSON. */
import { COLUMNS, type Column, FORWARD, type ForwardProblem } from './problems.ts';

/** A computation whose inputs are already on the device. */
export interface Work {
  /** Starts it once; nothing waits for the device. */
  run(): void | Promise<void>;
  /** Waits until everything that was started has been computed. */
  finish(): Promise<void>;
  /** What one run computes, from a fresh start: an image [H,W,C], row-major; of a step see {@link Contender.step}. */
  output(): Promise<ArrayLike<number>>;
}

export interface Contender {
  name: string;
  version: string;
  /** Its WebGPU adapter; null where the package does not tell. */
  adapter: string | null;
  forward(problem: ForwardProblem): Promise<Work>;
  /**
   * A training step; its output is the eight losses of a first step in Cyclops' order, and those of a second, which show
   * that the gradients and the update are right. Or the reason why there is none.
   */
  step: (() => Promise<Work>) | string;
}

/** Milliseconds of one run. */
export interface Timing {
  median: number;
  min: number;
  max: number;
  /** Measurements, and the runs in each of them between two waits for the device. */
  samples: number;
  runs: number;
}

export type Outcome = { timing: Timing; values: number[] } | { missing: string };

export interface Report {
  name: string;
  version: string;
  adapter: string | null;
  columns: Partial<Record<Column, Outcome>>;
}

/**
 * Measures the columns named on the command line, or all, and ends the process: a WebGPU device keeps Node alive. With `--once` each runs
 * once more than what it computes needs, to see whether it works at all.
 */
export async function contend(contender: Contender): Promise<void> {
  const isOnce = process.argv.includes('--once');
  const asked = process.argv.slice(2).filter((word) => word !== '--once');
  const columns: Report['columns'] = {};
  for (const column of COLUMNS) {
    if (asked.length === 0 || asked.includes(column)) columns[column] = await outcome(contender, column, isOnce);
  }
  const { name, version, adapter } = contender;
  process.stdout.write(`\n${JSON.stringify({ name, version, adapter, columns } satisfies Report)}\n`, () =>
    process.exit(0),
  );
}

async function outcome(contender: Contender, column: Column, isOnce: boolean): Promise<Outcome> {
  const { name, forward, step } = contender;
  try {
    let work: Work;
    if (column !== 'step') work = await forward(FORWARD[column]);
    else if (typeof step === 'string') return { missing: step };
    else work = await step();
    const values = scattered(await work.output());
    const timing = await measure(work, isOnce);
    console.error(`${name} ${column}: ${timing.median.toFixed(1)} ms`);
    return { timing, values };
  } catch (error) {
    console.error(error);
    return { missing: error instanceof Error ? error.message : String(error) };
  }
}

const MOST_VALUES = 2000;

/** Enough of a result to tell whether two of them are the same computation. */
function scattered(values: ArrayLike<number>): number[] {
  const count = Math.min(values.length, MOST_VALUES);
  // A prime that no side or number of channels is a multiple of, so that all channels and borders are met.
  const stride = values.length > MOST_VALUES ? 7919 : 1;
  return Array.from({ length: count }, (_, i) => Number(values[(i * stride) % values.length]?.toPrecision(7)));
}

/** A sample is as many runs as take about this long, so that the wait at its end weighs little. */
const SAMPLE_MS = 100;
const MOST_RUNS = 10;

/** The work has been run before, so that its kernels are compiled; one more run tells how many make a sample. */
async function measure({ run, finish }: Work, isOnce: boolean): Promise<Timing> {
  const sample = async (runs: number) => {
    const start = performance.now();
    for (let i = 0; i < runs; i++) await run();
    await finish();
    return (performance.now() - start) / runs;
  };
  const once = await sample(1);
  if (isOnce) return { median: once, min: once, max: once, samples: 1, runs: 1 };
  const runs = Math.min(MOST_RUNS, Math.ceil(SAMPLE_MS / once));
  const samples = once > 2000 ? 3 : 9;
  const times: number[] = [];
  while (times.length < samples) times.push(await sample(runs));
  times.sort((a, b) => a - b);
  return { median: times[(samples - 1) / 2]!, min: times[0]!, max: times[samples - 1]!, samples, runs };
}
