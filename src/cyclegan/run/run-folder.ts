import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { LIST_NAMES } from '../../data/datasets/lists.ts';
import { completeFolder, requireWritable, restoreFolder } from '../../data/files/atomic.ts';
import { fileError } from '../../data/files/fs-error.ts';
import { whileLocked } from '../../data/files/lock.ts';
import { makeFolder } from '../../data/files/make-folder.ts';
import { realPlace } from '../../data/files/real-place.ts';
import { isRemains, removeRemains } from '../../data/files/remains.ts';
import { CyclopsError } from '../../gpu/errors.ts';

const DATA = 'data.json';
const METRICS = 'metrics.jsonl';
const LOCK = 'training.lock';
const FOLD_SCORES = 'fold-scores.json';

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
    foldScores: join(root, FOLD_SCORES),
    damaged: join(root, 'damaged'),
    model: join(root, 'model.safetensors'),
  };
}

/** Of a job whose shards meet in the folder of a run: they write these without its lock. */
const SHARED = ['job.json', FOLD_SCORES];

/**
 * Works in the folder of a run, which is made where there is none, as the only process. What a killed one left half-written is removed first.
 *
 * @param onStale is told of a lock that is taken over @throws CyclopsError when another works there, or the folder cannot be written
 */
export async function inRun<T>(
  run: RunFolder,
  onStale: ((warning: string) => void) | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const { root } = run;
  makeFolder(root, 'write the run folder');
  return await whileLocked({ path: join(root, LOCK), what: `The run in ${root}`, onStale }, async () => {
    restoreFolder(run.checkpoint);
    for (const folder of [root, run.samples, run.damaged]) if (existsSync(folder)) removeRemains(folder, SHARED);
    return await work();
  });
}

/** What training writes before its first checkpoint: a run that ended before it may begin anew in its folder. */
const BEFORE_CHECKPOINT = new Set([DATA, METRICS, LOCK, 'checkpoint.partial', ...LIST_NAMES]);

function isBeforeCheckpoint(name: string): boolean {
  return BEFORE_CHECKPOINT.has(name) || name.startsWith(`${LOCK}.taken-over`) || isRemains(name);
}

/**
 * Makes the folder of a new run and proves that it can be written.
 *
 * @param canResume whether what makes the run could go on with one that is there
 * @throws CyclopsError when it holds something already or cannot be written
 */
export function createRun(path: string, canResume = false): RunFolder {
  const run = runFolder(path);
  makeFolder(run.root, 'write the run folder');
  try {
    if (readdirSync(run.root).some((name) => !isBeforeCheckpoint(name))) {
      const advice = canResume && isBegun(run) ? 'continue the run in it with --resume, or choose' : 'choose';
      throw new CyclopsError(
        `--out ${run.root} is not empty: a new run needs a new or empty folder; ${advice} another.`,
      );
    }
  } catch (error) {
    throw fileError(error, 'write the run folder', run.root);
  }
  requireWritable(run.data);
  return run;
}

/** Of one fold, counted from 1: networks that never saw its images. */
export function foldFolder(run: RunFolder, fold: number): string {
  return join(run.root, `fold-${fold}`);
}

/** The run of whose folds a folder is one; null where it is none. */
export function runOfFold(path: string): string | null {
  const place = realPlace(path);
  const run = runFolder(dirname(place));
  return /^fold-\d+$/.test(basename(place)) && existsSync(run.foldScores) ? run.root : null;
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
  if (existsSync(run.data) && readdirSync(run.root).every(isBeforeCheckpoint)) {
    throw new CyclopsError(
      `The training in ${run.root} ended before its first checkpoint, so that there is nothing to go on with. Begin it anew, without --resume.`,
    );
  }
  const came = existsSync(run.root) ? 'it has no checkpoint folder' : 'there is no such folder';
  requireEnterable(run);
  throw new CyclopsError(
    `${run.root} is not a training run: ${came}. Expected a folder that 'cyclops train DATA --out RUN' wrote.`,
  );
}

/** @throws CyclopsError where nobody can tell what is in a folder, since it must not be looked into */
function requireEnterable({ root, checkpoint }: RunFolder): void {
  for (const folder of [root, checkpoint]) {
    try {
      readdirSync(folder);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : '';
      if (code !== 'ENOENT' && code !== 'ENOTDIR') throw fileError(error, 'look into the run', folder);
    }
  }
}

/** What lies in the folder of a run and is its own; tables and reports that were put beside them are not. */
const OWN = new Set([
  ...[
    DATA,
    METRICS,
    LOCK,
    ...SHARED,
    ...LIST_NAMES,
    'thresholds.json',
    'model.safetensors',
    'pieces',
    'samples',
    'damaged',
  ],
  ...['checkpoint', 'checkpoint.old', 'checkpoint.partial'],
]);

/** The folder of the run of which a path names a file, be it there yet or not, or one in a folder of it; null where it does not. */
export function runWith(path: string): string | null {
  const place = realPlace(path);
  for (let folder = dirname(place); ; folder = dirname(folder)) {
    const [first = ''] = relative(folder, place).split(sep);
    if (OWN.has(first) && isBegun(runFolder(folder))) return folder;
    if (folder === dirname(folder)) return null;
  }
}
