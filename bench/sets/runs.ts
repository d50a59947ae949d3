import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readCheckpointHead } from '../../src/cyclegan/run/checkpoint-head.ts';
import { isBegun, runFolder } from '../../src/cyclegan/run/run-folder.ts';
import { writeFileAtomic } from '../../src/data/files/atomic.ts';
import { type BenchSet, type EvaluationJson, type Outcome, outcomeOf, type UnetOutcome } from './outcome.ts';
import type { Processes } from './processes.ts';

/** One training of a set, and where what comes of it lies. */
export interface Run {
  set: string;
  seed: number;
  data: string;
  /** What `cyclops train` is told beside the folders. */
  options: string;
  folder: string;
  /** The options that it began with, so that figures of others are not taken for theirs. */
  begun: string;
  json: string;
  unet: string;
}

/** Runs in the order in which they are made: every set with the first seed, then with the next, so that a table is soon whole. */
export function planRuns(
  sets: readonly BenchSet[],
  where: { folder: string; out: string; seeds: number; also: string },
): Run[] {
  return Array.from({ length: where.seeds }, (_, seed) =>
    sets.map(({ name, options }): Run => {
      const path = join(where.out, `${name}-${seed}`);
      const words = [options, where.also, `--seed ${seed}`, '--no-tune'];
      return {
        ...{ set: name, seed, data: join(where.folder, name), folder: path },
        options: words.filter((word) => word !== '').join(' '),
        ...{ begun: `${path}.options`, json: `${path}.json`, unet: `${path}-unet.json` },
      };
    }),
  ).flat();
}

/** @throws Error when figures, or a training that was begun, are of other options */
export function requireSameOptions({ folder, options, begun, json }: Run): void {
  const before = readWhole<Outcome>(json)?.options ?? begunOptions(begun);
  if (before === null || before === options) return;
  throw new Error(
    `${folder} is of a training with other options.\nThen: ${before}\nNow:  ${options}\nRemove ${folder} and what is named like it to ` +
      'train anew, or name another folder for the runs.',
  );
}

function begunOptions(path: string): string | null {
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : null;
}

/** What there is to do for a run: all of it, the rest of a training that was cut off, the evaluation, or nothing. */
export function stateOf({ folder, json }: Run): 'new' | 'begun' | 'trained' | 'done' {
  if (readWhole(json)) return 'done';
  const run = runFolder(folder);
  if (existsSync(run.model)) return 'trained';
  return isBegun(run) ? 'begun' : 'new';
}

/** The content of a file of JSON; null where there is none, or a damaged one, which does not count. */
export function readWhole<T>(path: string): T | null {
  if (!existsSync(path)) return null;
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

const writeJson = (path: string, value: object) => writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`);

/** Trains what is not trained and evaluates what is not evaluated. */
export async function finish(run: Run, processes: Processes): Promise<Outcome> {
  const done = readWhole<Outcome>(run.json);
  if (done) return done;
  const state = stateOf(run);
  if (state === 'new') {
    writeFileAtomic(run.begun, `${run.options}\n`);
    await processes.cyclops(['train', run.data, '--out', run.folder, ...run.options.split(' ')]);
  } else if (state === 'begun') {
    // It keeps the options and kernels that it began with.
    await processes.cyclops(['train', run.data, '--out', run.folder, '--resume', '--no-tune']);
  }
  const evaluation: EvaluationJson = JSON.parse(
    await processes.cyclops(['evaluate', run.folder, run.data, '--json', '--no-tune']),
  );
  const { step, seconds } = readCheckpointHead(runFolder(run.folder).checkpoint).position;
  const { set, seed } = run;
  const foldSeconds = secondsOfFolds(run.folder);
  const outcome = outcomeOf(
    { set, seed, options: begunOptions(run.begun), steps: step, seconds, foldSeconds },
    evaluation,
  );
  writeJson(run.json, outcome);
  return outcome;
}

function secondsOfFolds(folder: string): number {
  return readdirSync(folder)
    .filter((name) => /^fold-\d+$/.test(name))
    .map((name) => readCheckpointHead(runFolder(join(folder, name)).checkpoint).position.seconds)
    .reduce((sum, seconds) => sum + seconds, 0);
}

/** Trains the U-Net on the same parts, with masks where there are any and without, for as long as the training took and at its size. */
export async function finishUnet(
  run: Run,
  { seconds, foldSeconds }: Outcome,
  processes: Processes,
  minutes: number | undefined,
): Promise<void> {
  const { config } = readCheckpointHead(runFolder(run.folder).checkpoint);
  const ways = existsSync(join(run.data, 'masks')) ? (['masks', 'labels'] as const) : (['labels'] as const);
  for (const way of ways) {
    const known = readWhole<UnetOutcome>(run.unet) ?? {};
    if (known[way]) continue;
    const path = `${run.folder}-unet-${way}.json`;
    await processes.unet([
      ...[run.data, '--json', path, '--seed', `${run.seed}`, '--size', `${config.loadSize}`],
      ...['--minutes', `${minutes ?? (seconds + foldSeconds) / 60}`],
      ...(way === 'labels' ? ['--labels'] : []),
      // What turns no other way round for the one should not for the other.
      ...(config.rotate ? ['--rotate'] : []),
    ]);
    writeJson(run.unet, { ...known, [way]: readWhole(path) });
    rmSync(path);
  }
}
