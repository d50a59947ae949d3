import { UsageError } from '../workflow/common/usage-error.ts';

/** What a scheduler tells a job of the array that it belongs to. */
export interface ArrayJob {
  /** The variable that says which of the array it is, and its value, for messages. */
  variable: string;
  index: number;
  /** What the index of the first is. */
  base: number;
  /** How many there are, where the scheduler says so and they follow one another from the base on; else null. */
  count: number | null;
}

/** By which variables of its environment a job knows its place in an array. */
interface Scheduler {
  index: string;
  base: number;
  /** The first and last index, and the step from one to the next, where the scheduler says so. */
  first?: string;
  last?: string;
  step?: string;
  /** How many indices there are. */
  count?: string;
  /** What the index is outside of an array, other than absent. */
  none?: string;
}

const SCHEDULERS: readonly Scheduler[] = [
  // Slurm
  {
    ...{ index: 'SLURM_ARRAY_TASK_ID', base: 1, first: 'SLURM_ARRAY_TASK_MIN', last: 'SLURM_ARRAY_TASK_MAX' },
    ...{ step: 'SLURM_ARRAY_TASK_STEP', count: 'SLURM_ARRAY_TASK_COUNT' },
  },
  // PBS Professional, OpenPBS; Torque
  { index: 'PBS_ARRAY_INDEX', base: 1 },
  { index: 'PBS_ARRAYID', base: 1 },
  // LSF
  { index: 'LSB_JOBINDEX', base: 1, last: 'LSB_JOBINDEX_END', step: 'LSB_JOBINDEX_STEP', none: '0' },
  // Grid Engine
  {
    ...{ index: 'SGE_TASK_ID', base: 1, first: 'SGE_TASK_FIRST', last: 'SGE_TASK_LAST', step: 'SGE_TASK_STEPSIZE' },
    none: 'undefined',
  },
  // Kubernetes, jobs with completionMode: Indexed
  { index: 'JOB_COMPLETION_INDEX', base: 0 },
];

/**
 * The array that this process is a job of, by the variables of its scheduler; null outside of arrays.
 *
 * @throws UsageError when schedulers contradict each other, or an index is no number
 */
export function arrayJob(env: NodeJS.ProcessEnv): ArrayJob | null {
  const found = SCHEDULERS.filter(
    ({ index, none }) => env[index] !== undefined && env[index] !== '' && env[index] !== none,
  );
  const [scheduler, other] = found;
  if (!scheduler) return null;
  if (other) {
    throw new UsageError(
      `Two schedulers say which job of an array this is: ${scheduler.index} is ${env[scheduler.index]}, and ${other.index} is ` +
        `${env[other.index]}. Name the shard, such as --shard 3/16, or say --shard none.`,
    );
  }
  const { index, base } = scheduler;
  const number = wholeOf(env, index);
  if (number === null) {
    throw new UsageError(
      `${index} is ${env[index]}; expected a whole number. Name the shard, such as --shard 3/16, or say --shard none.`,
    );
  }
  return { variable: `${index}=${number}`, index: number, base, count: countOf(scheduler, env) };
}

/** How many jobs the array has, if they are numbered one after another from the base on. */
function countOf({ base, first, last, step, count }: Scheduler, env: NodeJS.ProcessEnv): number | null {
  const most = wholeOf(env, last);
  if (most === null) return null;
  const isWhole = (wholeOf(env, first) ?? base) === base && (wholeOf(env, step) ?? 1) === 1;
  return isWhole && (wholeOf(env, count) ?? most) === most ? most : null;
}

function wholeOf(env: NodeJS.ProcessEnv, name: string | undefined): number | null {
  const value = name === undefined ? '' : (env[name] ?? '');
  return /^\d+$/.test(value) ? Number(value) : null;
}
