import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { readFoldScores } from '../../anomaly/calibration/fold-scores.ts';
import type { TrainingConfig } from '../../cyclegan/config.ts';
import { readCheckpointHead } from '../../cyclegan/run/checkpoint-head.ts';
import { createRun, openRun, type RunFolder, runFolder } from '../../cyclegan/run/run-folder.ts';
import type { Device } from '../../gpu/device.ts';
import { beginFolds, crossCalibrate } from '../../workflow/cross-calibration.ts';
import {
  CALIBRATION_SHARE,
  type DivisionOptions,
  divide,
  partsOfRun,
  requireNoDivision,
} from '../../workflow/division.ts';
import { openData } from '../../workflow/open-data.ts';
import { paperProtocol, paperText } from '../../workflow/paper-protocol.ts';
import { type TrainRunOptions, trainRun } from '../../workflow/train-run.ts';
import { EXIT, UsageError } from '../failure.ts';
import {
  addDataOptions,
  addTuneOptions,
  type DataOptions,
  type TuneOptions,
  toNumber,
  withDevice,
} from '../options.ts';
import { addProfileOptions, openProfile, type ProfileOptions } from '../profile/profile.ts';
import { calibrationText } from '../text/calibration.ts';
import { addTrainingOptions, configFrom, requireSameOptions, type TrainingOptionValues } from '../training-options.ts';

interface TrainOptions extends TuneOptions, DataOptions, DivisionOptions, ProfileOptions, TrainingOptionValues {
  out: string;
  resume?: boolean;
  capture: boolean;
  protocol?: 'paper';
  runs?: number;
}

export function addTrain(program: Command): void {
  const command = program
    .command('train')
    .description('train on normal and abnormal images')
    .argument('<data>', 'folder with normal/ and abnormal/, or in the layout of MVTec AD or of CycleGAN')
    .addOption(new Option('--out <run>', 'folder of the run, new or empty').makeOptionMandatory())
    .option('--resume', 'continue the run in --out, with the options it began with')
    .option(
      '--calibration-share <number>',
      `share of the training images that choose score and threshold instead of training (default: ${CALIBRATION_SHARE}; 0: none do, ` +
        'and the training images choose)',
      toNumber,
    )
    .option(
      '--folds <k>',
      'for few abnormal images: no calibration part; k networks, each trained without one k-th of the training images, score it, and all ' +
        'these scores choose; then the networks of the run train on all',
      toNumber,
    )
    .option(
      '--group-by <regex>',
      "images in whose names it finds the same text show one object and stay in one part (default: index.csv's column group)",
    )
    .addOption(
      new Option(
        '--protocol <name>',
        'paper: the protocol of the paper, into RUN/seed-0, …: all images split anew, no calibration, best figures on the test images',
      ).choices(['paper']),
    )
    .option(
      '--runs <number>',
      'with --protocol: runs with seeds that follow one another, for mean ± standard deviation',
      toNumber,
    )
    .option(
      '--no-capture',
      'record every step anew instead of replaying the first: slower, the same bits; for debugging',
    );
  addTrainingOptions(command);
  addDataOptions(command);
  addProfileOptions(command);
  addTuneOptions(command).action(train);
}

async function train(data: string, options: TrainOptions): Promise<void> {
  if (options.protocol) return await trainByProtocol(data, options);
  if (options.runs !== undefined) {
    throw new UsageError(
      '--runs repeats a protocol; expected it beside --protocol paper. Add that, or leave --runs out.',
    );
  }
  const { resume = false, out, folds } = options;
  const found = openData(data, options);
  if (resume) requireNoDivision(options);
  const config = resume ? configOf(runFolder(out)) : configFrom(options);
  if (resume) requireSameOptions(options, config);
  const dataset = resume ? partsOfRun(found, runFolder(out)) : divide(found, options, config.seed);
  const run = resume ? runFolder(out) : createRun(out);
  if (folds !== undefined) beginFolds(run, dataset, folds, config);
  const calibration = await onDevice(options, (device, common) =>
    existsSync(run.foldScores)
      ? crossCalibrate(device, { config, dataset, run, ...common })
      : trainRun(device, { config, dataset, run, resume, ...common }),
  );
  const quiet = options.quiet ?? false;
  if (!calibration) {
    process.exitCode = EXIT.interrupted;
    if (!quiet) process.stderr.write(`Stopped. Continue with: cyclops train ${data} --out ${options.out} --resume\n`);
  } else if (!quiet) {
    process.stdout.write(
      `Trained: ${run.root}\n${calibrationText(calibration)}Next: cyclops evaluate ${options.out} ${data}\n`,
    );
  }
}

/** The configuration that a run began with. @throws CyclopsError when there is nothing to resume */
function configOf(run: RunFolder): TrainingConfig {
  return existsSync(run.foldScores)
    ? readFoldScores(run).config
    : readCheckpointHead(openRun(run.root).checkpoint).config;
}

/** Trains and judges as the paper did. */
async function trainByProtocol(data: string, options: TrainOptions): Promise<void> {
  const { out, runs = 1, resume, calibrationShare, folds, groupBy } = options;
  if (resume || calibrationShare !== undefined || folds !== undefined || groupBy !== undefined) {
    throw new UsageError(
      '--protocol paper begins new runs on splits of its own, without calibration and groups. Leave --resume, ' +
        '--calibration-share, --folds and --group-by out.',
    );
  }
  if (!Number.isInteger(runs) || runs < 1) {
    throw new UsageError(`--runs is ${runs}; expected a whole number from 1, such as 5.`);
  }
  const config = configFrom(options);
  const dataset = openData(data, options);
  const figures = await onDevice(options, (device, common) =>
    paperProtocol(device, { config, dataset, out, runs, ...common }),
  );
  if (figures) process.stdout.write(paperText(figures));
  else process.exitCode = EXIT.interrupted;
}

/** Opens the device for a training, and profiles it where that is asked for. */
async function onDevice<T>(
  options: TrainOptions,
  work: (device: Device, common: Omit<TrainRunOptions, 'config' | 'dataset' | 'run' | 'resume'>) => Promise<T>,
): Promise<T> {
  const { skipBroken = false, tune, capture, quiet = false } = options;
  return await withDevice(options, async (device) => {
    if (!quiet) process.stderr.write(`device: ${device.info.name}\n`);
    const profile = await openProfile(device, options);
    const common = { skipBroken, quiet, tune, eager: !capture, ...(profile && { onProfile: profile.add }) };
    const outcome = await work(device, common);
    await profile?.report();
    return outcome;
  });
}
