import type { Device } from '../../gpu/device.ts';
import type { StopSignal } from '../../gpu/stop-signal.ts';
import { type ChoiceCache, kernelsHash } from './choice-cache.ts';
import { decide, visitProblems } from './choices.ts';
import { candidates, type Measurement, measure } from './measure.ts';

export interface TuneOptions {
  /** Choices of earlier processes, and where this one leaves its own. */
  cache?: ChoiceCache | undefined;
  /** Called before each measurement and after the last. */
  onProgress?: ((done: number, total: number, problem: string) => void) | undefined;
  /** Ends tuning after the measurement in progress. Problems that are not measured by then stay on their default. */
  signal?: StopSignal | undefined;
}

/** What was measured: by problem, such as `conv2d.forward 3×3 s1 p1 zeros [1,64,64,32]→[1,64,64,64] f32`. */
export type Tuning = ReadonlyMap<string, TunedProblem>;

export interface TunedProblem extends Measurement {
  /** What would be used without measuring. */
  readonly default: string;
}

/** A problem with a choice. */
interface Task {
  key: string;
  /** In the order of the default choice. */
  variants: string[];
  kernels: string;
  measure(): Promise<Measurement>;
}

/**
 * Finds the problems in `body` that several variants can compute, and chooses the fastest for each: the one that the cache knows, or else
 * by measuring its variants on random data of the problem's real size. A variant whose results differ from those of the obvious
 * one cannot win. `body` is traced, not run. What is forced, imported or chosen already stays as it is.
 *
 * @returns what was measured now
 * @throws CyclopsError when the device is lost
 */
export async function tune(
  device: Device,
  body: () => void,
  { cache, onProgress, signal }: TuneOptions = {},
): Promise<Tuning> {
  const tuning = new Map<string, TunedProblem>();
  if (!device.info.executes) return tuning;
  const tasks = tasksIn(device, body);
  const known = tasks.length > 0 ? cache?.load() : undefined;
  const open: Task[] = [];
  for (const task of tasks) {
    const cached = known?.get(task.key);
    const usable = cached?.kernels === task.kernels && task.variants.includes(cached.variant);
    if (usable) decide(device, task.key, cached.variant);
    else open.push(task);
  }
  for (const { key, variants, kernels, measure } of open) {
    if (signal?.aborted) return tuning;
    onProgress?.(tuning.size, open.length, key);
    const measurement = await measure();
    const { variant, milliseconds } = measurement;
    decide(device, key, variant);
    cache?.save(new Map([[key, { variant, milliseconds, kernels }]]));
    tuning.set(key, { ...measurement, default: variants[0] ?? variant });
  }
  if (open.length > 0) onProgress?.(open.length, open.length, '');
  return tuning;
}

function tasksIn(device: Device, body: () => void): Task[] {
  const tasks: Task[] = [];
  visitProblems(device, body, (key, operation, problem, decided) => {
    if (decided) return;
    const variants = candidates(device, operation, problem).map(({ name }) => name);
    if (variants.length < 2) return;
    tasks.push({
      key,
      variants,
      kernels: kernelsHash(operation),
      measure: () => measure(device, operation, problem),
    });
  });
  return tasks;
}
