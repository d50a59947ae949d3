import { type Command, Option } from 'commander';
import { visible } from '../../report/parts/visible.ts';
import { UsageError } from '../../workflow/common/usage-error.ts';
import { paperProtocol, protocolShard } from '../../workflow/paper-protocol.ts';
import { CALIBRATION_SHARE, type DivisionOptions } from '../../workflow/runs/division.ts';
import type { ShardDone } from '../../workflow/shards/shard.ts';
import { requireBeginning, type TrainOptions, train as trainWorkflow } from '../../workflow/train.ts';
import { trainShard } from '../../workflow/train-shard.ts';
import { whereLost } from '../advice.ts';
import { commandLine, dataWords, deviceWords } from '../command-line.ts';
import { concludeShard } from '../conclude-shard.ts';
import { EXIT, wrap } from '../failure.ts';
import { catchInterrupt } from '../interrupt.ts';
import { listenOnTerminal } from '../listener.ts';
import { addDataOptions, addTuneOptions, type DataFlags, type TuneFlags, toNumber, withDevice } from '../options.ts';
import { addProfileOptions, openProfile, type ProfileOptions, requireTrace } from '../profile/profile.ts';
import { addShardOption, type ChosenShard, chooseShard, type ShardFlag } from '../shard-option.ts';
import { calibrationText, fewObjectsText } from '../text/calibration.ts';
import { paperText } from '../text/paper-protocol.ts';
import { addTrainingOptions, fieldsFrom, type TrainingOptionValues } from '../training-options.ts';

interface TrainCommandOptions extends TuneFlags, DataFlags, DivisionOptions, ProfileOptions, TrainingOptionValues {
  out: string;
  resume?: boolean;
  from?: string;
  capture: boolean;
  /** MiB */
  bankMemory?: number;
  protocol?: 'paper';
  runs?: number;
  shard?: ShardFlag;
}

export function addTrain(program: Command): void {
  const command = program
    .command('train')
    .description('train on normal and abnormal images')
    .argument('<data>', 'folder with normal/ and abnormal/, or in the layout of MVTec AD or of CycleGAN')
    .addOption(new Option('--out <run>', 'folder of the run, new or empty').makeOptionMandatory())
    .option('--resume', 'continue the run in --out, with the options it began with; with more --steps beyond its end')
    .option(
      '--from <model>',
      'begin with the weights and options of this model.safetensors or run, instead of random weights and a preset',
    )
    .option(
      '--calibration-share <number>',
      `share of the training images that choose score and threshold instead of training (default: ${CALIBRATION_SHARE}; 0: none do, ` +
        'and the training images choose)',
      toNumber,
    )
    .option(
      '--folds <k>',
      'for few abnormal images: no calibration part; k networks, each trained without one k-th of the training images, score it, and all ' +
        'these scores choose; then the networks of the run train on all. With --netD unet the folds train the segmenter alone, which decides',
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
      '--bank-memory <MiB>',
      "training images take so much of the device's memory; more wait in a file in RUN, with the same bits (default: half of it, or 1024 where no driver tells how much it has and on a CPU)",
      toNumber,
    )
    .option(
      '--no-capture',
      'record every step anew instead of replaying the first: slower, the same bits; for debugging',
    );
  addShardOption(command);
  addTrainingOptions(command);
  addDataOptions(command);
  addProfileOptions(command);
  addTuneOptions(command).action(train);
}

async function train(data: string, options: TrainCommandOptions): Promise<void> {
  if (options.protocol) return await trainByProtocol(data, options);
  if (options.runs !== undefined) {
    throw new UsageError(
      '--runs repeats a protocol; expected it beside --protocol paper. Add that, or leave --runs out.',
    );
  }
  const { resume, from, calibrationShare, folds, groupBy, out, quiet = false } = options;
  requireBeginning({ from, resume, folds });
  const chosen = shardOf(options, folds !== undefined);
  if (chosen) {
    return await makeShard(options, chosen, (common) =>
      trainShard({ ...common, data, calibrationShare, folds, groupBy, shard: chosen.shard }),
    );
  }
  const same = [...dataWords(options), ...deviceWords(options)];
  const goOn = commandLine('cyclops', 'train', data, '--out', out, '--resume', ...same);
  const { run, calibration } = await whereLost(`Work since the last checkpoint is gone. Continue with: ${goOn}`, () =>
    runTraining(options, (common) =>
      trainWorkflow({ ...common, data, resume, from, calibrationShare, folds, groupBy }),
    ),
  );
  if (!calibration) {
    process.exitCode = EXIT.interrupted;
    if (!quiet) process.stderr.write(`Stopped. Continue with: ${visible(goOn)}\n`);
  } else if (!quiet) {
    const next = commandLine('cyclops', 'evaluate', out, data, '--report', 'report.html', ...same);
    process.stdout.write(
      `Trained: ${visible(run)}\n${calibrationText(calibration)}${fewObjectsText(calibration)}Next: ${visible(next)}\n`,
    );
  }
}

/** The shard of trainings that can be divided; null where this process makes all. */
function shardOf({ out, shard, resume }: TrainCommandOptions, canBeDivided: boolean): ChosenShard | null {
  if (!canBeDivided && shard !== undefined && shard !== 'none') {
    throw new UsageError(
      '--shard divides the trainings of --folds or of --protocol paper. Add one of them, or leave --shard out.',
    );
  }
  const chosen = canBeDivided ? chooseShard(shard, out, process.env) : null;
  if (!chosen || !resume) return chosen;
  throw new UsageError('A shard goes on by itself where it was cut off. Leave --resume out, or say --shard none.');
}

/** Trains and judges as the paper did. */
async function trainByProtocol(data: string, options: TrainCommandOptions): Promise<void> {
  const { runs, resume, from, calibrationShare, folds, groupBy } = options;
  if (resume || from !== undefined || calibrationShare !== undefined || folds !== undefined || groupBy !== undefined) {
    throw new UsageError(
      '--protocol paper goes on by itself, and makes runs on splits of its own, without calibration and groups. Leave --resume, ' +
        '--from, --calibration-share, --folds and --group-by out.',
    );
  }
  const chosen = shardOf(options, true);
  if (chosen) {
    const { shard } = chosen;
    return await makeShard(options, chosen, (common) => protocolShard({ ...common, data, runs, shard }));
  }
  const figures = await runTraining(options, (common) => paperProtocol({ ...common, data, runs }));
  if (figures) return void process.stdout.write(paperText(figures));
  process.exitCode = EXIT.interrupted;
  if (!options.quiet) process.stderr.write('Stopped. The same command goes on.\n');
}

/** Makes a shard's share of trainings, and says which it is and what to do then. */
async function makeShard(
  options: TrainCommandOptions,
  { said }: ChosenShard,
  work: (common: Omit<TrainOptions, 'data'>) => Promise<ShardDone>,
): Promise<void> {
  process.stderr.write(`${wrap(said)}\n`);
  concludeShard(await runTraining(options, work), options.out);
}

/** Opens the device for a training, listens for Ctrl-C, shows how it goes, and profiles it where that is asked for. */
async function runTraining<T>(
  options: TrainCommandOptions,
  work: (common: Omit<TrainOptions, 'data'>) => Promise<T>,
): Promise<T> {
  const { out, aIs, skipBroken, tune, capture, bankMemory, preset, quiet = false } = options;
  requireTrace(options);
  if (bankMemory !== undefined && !(bankMemory >= 0))
    throw new UsageError(`--bank-memory is ${bankMemory}; expected a number of MiB from 0 on.`);
  return await withDevice(options, async (device) => {
    if (!quiet) process.stderr.write(`device: ${visible(device.info.name)}\n`);
    const profile = await openProfile(device, options);
    const { signal, release } = catchInterrupt(() => {
      if (!quiet)
        process.stderr.write('\nStopping after this step, with a checkpoint. Press Ctrl-C again to quit at once.\n');
    });
    const { listener, stop } = listenOnTerminal(quiet);
    try {
      const outcome = await work({
        ...{ ...listener, signal, device, out, aIs, skipBroken, tune, preset, config: fieldsFrom(options) },
        eager: !capture,
        bankMemory: bankMemory && bankMemory * 2 ** 20,
        onProfile: profile?.add,
      });
      await profile?.report();
      return outcome;
    } finally {
      release();
      stop();
    }
  });
}
