import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PARTS } from '../../data/datasets/dataset.ts';
import { listPath } from '../../data/datasets/lists.ts';
import { completeFolder } from '../../data/files/atomic.ts';
import { fileError } from '../../data/files/fs-error.ts';
import { whileLocked } from '../../data/files/lock.ts';
import { CyclopsError } from '../../gpu/errors.ts';

const DATA = 'data.json';
const METRICS = 'metrics.jsonl';
const LOCK = 'training.lock';

/** What a training run leaves behind, and where. */
export interface RunFolder {
  /** Absolute path of the run. */
  readonly root: string;
  /** Weights, moments, pools, position, configuration and manifest of the last checkpoint: a folder. */
  readonly checkpoint: string;
  /** Losses of every step, one JSON object a line. */
  readonly metrics: string;
  /** Pictures of what the generators make: a folder. */
  readonly samples: string;
  /** The images of the data set, their parts and content hashes. */
  readonly data: string;
  /** The calibration: the score that decides, and thresholds. */
  readonly thresholds: string;
  /** What each training image scores by networks that were trained without it; only where `--folds` made such. */
  readonly foldScores: string;
  /** Damaged copies of normal images and their masks, where there was no abnormal image to calibrate with: a folder. */
  readonly damaged: string;
  /** All that scoring needs, in one file. */
  readonly model: string;
}

export function runFolder(path: string): RunFolder {
  const root = resolve(path);
  return {
    root,
    checkpoint: join(root, 'checkpoint'),
    metrics: join(root, METRICS),
    samples: join(root, 'samples'),
    data: join(root, DATA),
    thresholds: join(root, 'thresholds.json'),
    foldScores: join(root, 'fold-scores.json'),
    damaged: join(root, 'damaged'),
    model: join(root, 'model.safetensors'),
  };
}

/**
 * Works in the folder of a run, which is made where there is none, as the only process.
 *
 * @param onStale is told of a lock that is taken over @throws CyclopsError when another works there, or the folder cannot be written
 */
export async function inRun<T>(
  { root }: RunFolder,
  onStale: ((warning: string) => void) | undefined,
  work: () => Promise<T>,
): Promise<T> {
  try {
    mkdirSync(root, { recursive: true });
  } catch (error) {
    throw fileError(error, 'write the run folder', root);
  }
  return await whileLocked({ path: join(root, LOCK), what: `The run in ${root}`, onStale }, work);
}

/** What training writes before its first checkpoint: a run that ended before it may begin anew in its folder. */
const BEFORE_CHECKPOINT = new Set([
  DATA,
  METRICS,
  LOCK,
  'checkpoint.partial',
  ...PARTS.map((part) => listPath('', part)),
]);

/**
 * Makes the folder of a new run and proves that it can be written.
 *
 * @throws CyclopsError when it holds something already or cannot be written
 */
export function createRun(path: string): RunFolder {
  const run = runFolder(path);
  try {
    mkdirSync(run.root, { recursive: true });
    if (readdirSync(run.root).some((name) => !BEFORE_CHECKPOINT.has(name))) {
      const advice = isBegun(run) ? 'continue the run in it with --resume, or choose' : 'choose';
      throw new CyclopsError(
        `--out ${run.root} is not empty: a new run needs a new or empty folder; ${advice} another.`,
      );
    }
    const probe = join(run.root, '.write-test');
    closeSync(openSync(probe, 'w'));
    rmSync(probe);
  } catch (error) {
    throw fileError(error, 'write the run folder', run.root);
  }
  return run;
}

export function hasCheckpoint(run: RunFolder): boolean {
  return completeFolder(run.checkpoint) !== undefined;
}

/** Whether there is something to resume: a checkpoint, or folds on the way to one. */
export function isBegun(run: RunFolder): boolean {
  return hasCheckpoint(run) || existsSync(run.foldScores);
}

/**
 * The folder of a run that has a checkpoint.
 *
 * @throws CyclopsError when there is none
 */
export function openRun(path: string): RunFolder {
  const run = runFolder(path);
  if (hasCheckpoint(run)) return run;
  if (isBegun(run)) {
    throw new CyclopsError(
      `${run.root} has no networks yet: those of its folds are trained first. Finish it with 'cyclops train DATA --out ${run.root} --resume'.`,
    );
  }
  const came = existsSync(run.root) ? 'it has no checkpoint folder' : 'there is no such folder';
  throw new CyclopsError(
    `${run.root} is not a training run: ${came}. Expected a folder that 'cyclops train DATA --out RUN' wrote.`,
  );
}
