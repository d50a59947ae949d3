import { join } from 'node:path';
import type { Calibration } from '../anomaly/calibration/calibration.ts';
import { checkLearned, type Learned } from '../anomaly/evaluation/learned.ts';
import { runFolder } from '../cyclegan/run/run-folder.ts';
import { removeRemains } from '../data/files/remains.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { type CollectedScores, collectScores } from './collect-scores.ts';
import { type Listener, listenerOf } from './common/listener.ts';
import { checkOptions, path, pathOption, RUNNING } from './common/options.ts';
import { UsageError } from './common/usage-error.ts';
import { type DeviceOption, withDevice } from './common/with-device.ts';
import { GrayMasks } from './images/gray-masks.ts';
import { collectProtocol, type PaperFigures } from './paper-protocol.ts';
import { calibrateRun } from './runs/calibrate-run.ts';
import { collectFolds } from './runs/cross-calibration.ts';
import { type Job, piecesFolder, readJob } from './shards/job.ts';
import { collectSweep, type SweepTable } from './sweep.ts';

export interface CollectOptions extends DeviceOption, Listener {
  /** The folder in which shards left their pieces. */
  out: string;
  /** Of scored images: the table of all; `scores.csv` in that folder unless it is given. */
  csv?: string | undefined;
}

/** What all shards made together. */
export type Collected =
  | CollectedScores
  | { kind: 'folds'; calibration: Calibration; learned: Learned }
  | { kind: 'protocol'; figures: PaperFigures }
  | { kind: 'sweep'; table: SweepTable };

/**
 * Makes one of what shards left in a folder, the same as if nothing had been divided.
 *
 * @throws CyclopsError naming the pieces that are missing, damaged or of another job, and the shards to submit again
 */
export async function collect(options: CollectOptions): Promise<Collected> {
  checkOptions('collect', options, { ...RUNNING, out: path, csv: pathOption });
  const job = readJob(options.out);
  const collected = await collectJob(job, options);
  for (const folder of [options.out, piecesFolder(options.out)]) removeRemains(folder);
  return collected;
}

async function collectJob(job: Job, options: CollectOptions): Promise<Collected> {
  const { kind } = job;
  if (kind === 'score') {
    const { out, csv = join(out, 'scores.csv'), onWarning } = options;
    return collectScores(out, job, csv, onWarning);
  }
  if (options.csv !== undefined) {
    throw new UsageError(
      `--csv writes the table of scored images, and the job in ${options.out} trains. Leave it out.`,
    );
  }
  if (kind === 'protocol') return { kind, figures: collectProtocol(options.out, job) };
  if (kind === 'sweep') return { kind, table: collectSweep(options.out, job) };
  return await calibrateFolds(job, options);
}

async function calibrateFolds(job: Job, options: CollectOptions): Promise<Collected> {
  const { tune = true, out } = options;
  const run = runFolder(out);
  collectFolds(run, job);
  const calibration = await withDevice(options, (device) =>
    calibrateRun(device, { ...listenerOf(options), run, tune, grayMasks: new GrayMasks() }),
  );
  if (!calibration) throw new CyclopsError(`The calibration of ${run.root} was stopped. Collect again.`);
  return { kind: 'folds', calibration, learned: checkLearned(calibration) };
}
