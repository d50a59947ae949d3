import { type Command, Option } from 'commander';
import { readCheckpointHead } from '../../cyclegan/checkpoint.ts';
import { createRun, openRun, type RunFolder } from '../../cyclegan/run-folder.ts';
import type { Dataset } from '../../data/dataset.ts';
import { groupByName } from '../../data/groups.ts';
import { readDataset } from '../../data/layouts.ts';
import { applyLists, readLists } from '../../data/lists.ts';
import { cutCalibration, splitDataset } from '../../data/split.ts';
import { calibrationText } from '../calibration-text.ts';
import { EXIT, UsageError } from '../failure.ts';
import {
  addDataOptions,
  addTuneOptions,
  type DataOptions,
  layoutOptions,
  type TuneOptions,
  toNumber,
  withDevice,
} from '../options.ts';
import { addProfileOptions, openProfile, type ProfileOptions } from '../profile.ts';
import { trainRun } from '../train-run.ts';
import { addTrainingOptions, configFrom, requireSameOptions, type TrainingOptionValues } from '../training-options.ts';

/** Of the training images, the share that chooses score and threshold instead. */
const CALIBRATION_SHARE = 0.2;

interface TrainOptions extends TuneOptions, DataOptions, ProfileOptions, TrainingOptionValues {
  out: string;
  resume?: boolean;
  capture: boolean;
  calibrationShare?: number;
  groupBy?: string;
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
      '--group-by <regex>',
      "images in whose names it finds the same text show one object and stay in one part (default: index.csv's column group)",
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
  const resume = options.resume ?? false;
  const config = resume ? readCheckpointHead(openRun(options.out).checkpoint).config : configFrom(options);
  if (resume) {
    requireSameOptions(options, config);
    requireNoDivision(options);
  }
  const found = readDataset(data, layoutOptions(options));
  const dataset = resume ? partsOfRun(found, openRun(options.out)) : divide(found, options, config.seed);
  const run = resume ? openRun(options.out) : createRun(options.out);
  const quiet = options.quiet ?? false;

  const calibration = await withDevice(options, async (device) => {
    if (!quiet) process.stderr.write(`device: ${device.info.name}\n`);
    const { skipBroken = false, tune, capture } = options;
    const profile = await openProfile(device, options);
    const common = { config, dataset, run, resume, skipBroken, quiet, tune, eager: !capture };
    const outcome = await trainRun(device, { ...common, ...(profile && { onProfile: profile.add }) });
    await profile?.report();
    return outcome;
  });
  if (!calibration) {
    process.exitCode = EXIT.interrupted;
    if (!quiet) process.stderr.write(`Stopped. Continue with: cyclops train ${data} --out ${options.out} --resume\n`);
  } else if (!quiet) {
    process.stdout.write(
      `Trained: ${run.root}\n${calibrationText(calibration)}Next: cyclops evaluate ${options.out} ${data}\n`,
    );
  }
}

/** The parts that the data folder names, or those that the options and the seed give. */
function divide(
  dataset: Dataset,
  { calibrationShare: share = CALIBRATION_SHARE, groupBy }: TrainOptions,
  seed: number,
) {
  if (!(share >= 0 && share <= 0.9)) {
    throw new UsageError(`--calibration-share is ${share}; expected a number from 0 to 0.9, such as 0.2.`);
  }
  const grouped = groupBy === undefined ? dataset : groupByName(dataset, groupBy);
  return cutCalibration(splitDataset(grouped, seed), share, seed);
}

/** The parts that a run's own lists name. */
function partsOfRun(dataset: Dataset, run: RunFolder): Dataset {
  return { ...dataset, images: applyLists(dataset.images, readLists(run.root), run.root) };
}

/** @throws UsageError since a run keeps the parts that it began with */
function requireNoDivision({ calibrationShare, groupBy }: TrainOptions): void {
  if (calibrationShare === undefined && groupBy === undefined) return;
  throw new UsageError(
    '--calibration-share and --group-by divide the images of a new run, and a resumed run keeps its parts. Leave them out.',
  );
}
