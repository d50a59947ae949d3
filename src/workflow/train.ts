import { existsSync } from 'node:fs';
import type { Calibration } from '../anomaly/calibration/calibration.ts';
import { readFoldScores } from '../anomaly/calibration/fold-scores.ts';
import { checkLearned, type Learned } from '../anomaly/evaluation/learned.ts';
import type { TrainingConfig } from '../cyclegan/config.ts';
import { readCheckpointHead } from '../cyclegan/run/checkpoint-head.ts';
import {
  createRun,
  hasCheckpoint,
  inRun,
  openRun,
  type RunFolder,
  runFolder,
  runOfFold,
} from '../cyclegan/run/run-folder.ts';
import { type Dataset, isNormalAlone } from '../data/datasets/dataset.ts';
import { requireSixteenBits } from '../data/images/value-range.ts';
import type { TimedLaunch } from '../gpu/profiler.ts';
import { despiteLosses } from './common/despite-losses.ts';
import type { Listener } from './common/listener.ts';
import { checkOptions, DATA, DIVISION, flag, pathOption, RUNNING, TRAINING } from './common/options.ts';
import { requireMeaningless } from './common/outputs.ts';
import { UsageError } from './common/usage-error.ts';
import { type ModelWeights, readWeights } from './common/weights.ts';
import { type DeviceOption, withDevice } from './common/with-device.ts';
import { type DataOptions, openData } from './images/open-data.ts';
import { trainingRange } from './images/training-range.ts';
import { beginFolds, crossCalibrate, foldsOf, hashOfTraining, requireSameImages } from './runs/cross-calibration.ts';
import { type DivisionOptions, divide, partsOfRun, requireNoDivision } from './runs/division.ts';
import { trainRun } from './runs/train-run.ts';
import { type ConfigOptions, configFrom, configOf, lengthened, requireSameConfig } from './runs/training-config.ts';
import { trainingWork } from './runs/training-work.ts';

export interface TrainOptions extends DataOptions, DivisionOptions, ConfigOptions, DeviceOption, Listener {
  /** Folder of the run: new or empty, or that of the run to be resumed. */
  out: string;
  /** Whether to continue the run in `out`, with the options that it began with; `config.steps` may be more than it was to have. */
  resume?: boolean | undefined;
  /** Model file or run folder whose weights and options a new run begins with, instead of random weights and a preset. */
  from?: string | undefined;
  /** Bytes of the device's memory for training images, half of it unless told otherwise, 2³⁰ where no driver tells how much it has: what is more lies in a file in `out`, with the same bits. */
  bankMemory?: number | undefined;
  /** Records every step anew instead of replaying the first: slower, the same bits; for debugging. */
  eager?: boolean | undefined;
  /** Takes the launches of a few steps, with their times on the device. */
  onProfile?: ((launches: TimedLaunch[]) => void) | undefined;
}

export interface TrainResult {
  /** Absolute path of the run folder. */
  run: string;
  /** Score and thresholds that the calibration images chose; null where the signal stopped the training, and it can be resumed. */
  calibration: Calibration | null;
  /** Whether the networks learned what scores rest on, with a warning where they did not; null likewise. */
  learned: Learned | null;
}

/**
 * Trains a Cycle-GAN on a data folder into a run folder, then chooses score and thresholds by the images that calibrate it.
 * The same options and images give the same bits on the same device, also where a run was stopped and resumed.
 *
 * @throws UsageError for options that cannot be or do not fit together; nothing was written then
 * @throws CyclopsError for images or files that cannot be used, and when training diverges
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  checkOptions('train', options, { ...RUNNING, ...DATA, ...DIVISION, ...TRAINING, resume: flag, from: pathOption });
  const { out, resume = false, folds } = options;
  requireBeginning(options);
  requireNoFold(out);
  requireMeaningless('--out', out);
  const from = options.from === undefined ? null : readWeights(options.from);
  const { config, dataset } = resume ? begunTraining(options) : await newTraining(options, from);
  const begun = folds === undefined ? null : foldsOf(dataset, folds, config);
  const run = runFolder(out);
  const calibration = await inRun(run, options.onWarning, () => {
    if (!resume) createRun(out, true);
    if (begun) beginFolds(run, dataset, begun);
    else if (existsSync(run.foldScores)) requireSameImages(run, dataset, hashOfTraining(dataset));
    return withDevice(options, (device) => {
      const common = { ...trainingWork(options), config, dataset, run };
      return despiteLosses(device, options, 'The training goes on from its last checkpoint.', (used) => {
        const goesOn = resume || hasCheckpoint(run);
        return existsSync(run.foldScores)
          ? crossCalibrate(used, common)
          : trainRun(used, { ...common, resume: goesOn, from: goesOn ? null : from });
      });
    });
  });
  return { run: run.root, calibration, learned: calibration && checkLearned(calibration) };
}

/** What a training is made of. */
interface Training {
  config: TrainingConfig;
  /** With a part for every image. */
  dataset: Dataset;
}

/** @throws UsageError for the folder of a fold, which its run alone trains */
export function requireNoFold(out: string): void {
  const run = runOfFold(out);
  if (run === null) return;
  throw new UsageError(
    `--out ${out} is a fold of the run in ${run}, which trains it itself. Resume that run, or give another folder.`,
  );
}

/** @throws UsageError where weights to begin with do not fit the other options */
export function requireBeginning({ from, resume, folds }: Pick<TrainOptions, 'from' | 'resume' | 'folds'>): void {
  if (from === undefined) return;
  if (resume)
    throw new UsageError(
      '--from gives a new run its first weights, and --resume goes on with those of a run. Leave one of them out.',
    );
  if (folds === undefined) return;
  throw new UsageError(
    '--folds trains networks that never saw the images they score, and those of --from may have. Leave one of them out.',
  );
}

/**
 * @param from the weights that it begins with; null for random ones
 * @throws UsageError for options that cannot be or do not fit together @throws CyclopsError for images that cannot be used
 */
export async function newTraining(options: TrainOptions, from: ModelWeights | null = null): Promise<Training> {
  const found = openData(options, { allowNormalAlone: true });
  const asked = configFor(found, options, from);
  const dataset = divide(found, options, asked.seed);
  // The weights know images as their model showed them.
  const range = options.config?.range || from ? asked.range : await trainingRange(dataset, options.onWarning);
  // Before hours of training: copies of calibrating images are damaged at its end.
  if (isNormalAlone(dataset)) requireSixteenBits(range);
  return { config: { ...asked, range }, dataset };
}

function begunTraining(options: TrainOptions): Training {
  const run = runFolder(options.out);
  const found = openData(options, { allowNormalAlone: true });
  requireNoDivision(options);
  const config = begunConfig(run, options);
  requireSameConfig(options, config);
  return { config, dataset: partsOfRun(found, run) };
}

/** Damaged images that stand for abnormal ones are made of each normal image, unless told otherwise. */
const DAMAGE_ALONE = 4;

/** The configuration of a new run. Where there is no abnormal image, damage stands for defects, and the warning says what that means. */
function configFor(dataset: Dataset, options: TrainOptions, from: ModelWeights | null): TrainingConfig {
  const config = from ? configFrom(options, from) : configOf(options);
  if (!isNormalAlone(dataset)) return config;
  const { damage } = config.damage > 0 ? config : { damage: DAMAGE_ALONE };
  options.onWarning?.(
    `${dataset.root} holds normal images alone: images damaged by scratches, stains and patches stand for abnormal ones, ${damage} of each ` +
      'normal image (--damage), and a damaged copy of each calibrating one chooses the threshold. So no figure tells how well real defects ' +
      'are found. Put abnormal images, as soon as there are some, into abnormal/ and train again.',
  );
  return { ...config, damage };
}

/**
 * The configuration that a run began with, with more steps where they are asked for. One of folds keeps its steps: thresholds come from
 * networks that were trained as long.
 *
 * @throws CyclopsError when there is nothing to resume
 */
function begunConfig(run: RunFolder, { config: asked }: TrainOptions): TrainingConfig {
  if (existsSync(run.foldScores)) return readFoldScores(run).config;
  const { config, manifest, position } = readCheckpointHead(openRun(run.root).checkpoint);
  if (!manifest.imported) return lengthened(config, position.stepsPerEpoch, asked?.steps);
  throw new UsageError(
    `${run.root} holds imported weights without the state of a training, so that none can be resumed. Begin one with them: ` +
      `cyclops train DATA --from ${run.root} --out RUN`,
  );
}
