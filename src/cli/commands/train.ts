import { type Command, Option } from 'commander';
import { readCheckpointHead } from '../../cyclegan/checkpoint.ts';
import { createRun, openRun } from '../../cyclegan/run-folder.ts';
import { readDataset } from '../../data/layouts.ts';
import { splitDataset } from '../../data/split.ts';
import { EXIT } from '../failure.ts';
import {
  addDataOptions,
  addTuneOptions,
  type DataOptions,
  layoutOptions,
  type TuneOptions,
  withDevice,
} from '../options.ts';
import { addProfileOptions, openProfile, type ProfileOptions } from '../profile.ts';
import { trainRun } from '../train-run.ts';
import { addTrainingOptions, configFrom, requireSameOptions, type TrainingOptionValues } from '../training-options.ts';

interface TrainOptions extends TuneOptions, DataOptions, ProfileOptions, TrainingOptionValues {
  out: string;
  resume?: boolean;
  capture: boolean;
}

export function addTrain(program: Command): void {
  const command = program
    .command('train')
    .description('train on normal and abnormal images')
    .argument('<data>', 'folder with normal/ and abnormal/, or in the layout of MVTec AD or of CycleGAN')
    .addOption(new Option('--out <run>', 'folder of the run, new or empty').makeOptionMandatory())
    .option('--resume', 'continue the run in --out, with the options it began with')
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
  if (resume) requireSameOptions(options, config);
  const dataset = splitDataset(readDataset(data, layoutOptions(options)), config.seed);
  const run = resume ? openRun(options.out) : createRun(options.out);
  const quiet = options.quiet ?? false;

  const thresholds = await withDevice(options, async (device) => {
    if (!quiet) process.stderr.write(`device: ${device.info.name}\n`);
    const { skipBroken = false, tune, capture } = options;
    const profile = await openProfile(device, options);
    const common = { config, dataset, run, resume, skipBroken, quiet, tune, eager: !capture };
    const outcome = await trainRun(device, { ...common, ...(profile && { onProfile: profile.add }) });
    await profile?.report();
    return outcome;
  });
  if (!thresholds) {
    process.exitCode = EXIT.interrupted;
    if (!quiet) process.stderr.write(`Stopped. Continue with: cyclops train ${data} --out ${options.out} --resume\n`);
  } else if (!quiet) {
    process.stdout.write(
      `Trained: ${run.root}. Of the scores, ${thresholds.chosen} tells the training images apart best. ` +
        `Next: cyclops evaluate ${options.out} ${data}\n`,
    );
  }
}
