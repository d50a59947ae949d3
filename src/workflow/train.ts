import { existsSync } from 'node:fs';
import type { Calibration } from '../anomaly/calibration/calibration.ts';
import { readFoldScores } from '../anomaly/calibration/fold-scores.ts';
import { checkLearned, type Learned } from '../anomaly/evaluation/learned.ts';
import type { TrainingConfig } from '../cyclegan/config.ts';
import { readCheckpointHead } from '../cyclegan/run/checkpoint-head.ts';
import { createRun, inRun, openRun, type RunFolder, runFolder } from '../cyclegan/run/run-folder.ts';
import { type Dataset, isNormalAlone } from '../data/datasets/dataset.ts';
import { requireSixteenBits } from '../data/images/value-range.ts';
import type { TimedLaunch } from '../gpu/profiler.ts';
import { type Listener, listenerOf } from './common/listener.ts';
import { checkOptions, DATA, DIVISION, flag, RUNNING, TRAINING } from './common/options.ts';
import { type DeviceOption, withDevice } from './common/with-device.ts';
import { type DataOptions, openData } from './images/open-data.ts';
import { trainingRange } from './images/training-range.ts';
import { beginFolds, crossCalibrate, foldsOf } from './runs/cross-calibration.ts';
import { type DivisionOptions, divide, partsOfRun, requireNoDivision } from './runs/division.ts';
import { BANK_MEMORY, trainRun } from './runs/train-run.ts';
import { type ConfigOptions, configOf, requireSameConfig } from './runs/training-config.ts';

export interface TrainOptions extends DataOptions, DivisionOptions, ConfigOptions, DeviceOption, Listener {
  /** Folder of the run: new or empty, or that of the run to be resumed. */
  out: string;
  /** Whether to continue the run in `out`, with the options that it began with. */
  resume?: boolean | undefined;
  /** Bytes of the device's memory for training images, 2³⁰ unless told otherwise: what is more lies in a file in `out`, with the same bits. */
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
  checkOptions('train', options, { ...RUNNING, ...DATA, ...DIVISION, ...TRAINING, resume: flag });
  const { out, resume = false, folds, skipBroken = false, tune = true, eager = false, onProfile } = options;
  const { bankMemory = BANK_MEMORY } = options;
  const { config, dataset } = resume ? begunTraining(options) : await newTraining(options);
  const begun = folds === undefined ? null : foldsOf(dataset, folds, config);
  const run = runFolder(out);
  const calibration = await inRun(run, options.onWarning, () => {
    if (!resume) createRun(out);
    if (begun) beginFolds(run, dataset, begun);
    return withDevice(options, (device) => {
      const common = { ...listenerOf(options), config, dataset, run, skipBroken, tune, eager, bankMemory, onProfile };
      return existsSync(run.foldScores) ? crossCalibrate(device, common) : trainRun(device, { ...common, resume });
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

/** @throws UsageError for options that cannot be or do not fit together @throws CyclopsError for images that cannot be used */
export async function newTraining(options: TrainOptions): Promise<Training> {
  const found = openData(options, { allowNormalAlone: true });
  const asked = configFor(found, options);
  const dataset = divide(found, options, asked.seed);
  const range = options.config?.range ? asked.range : await trainingRange(dataset, options.onWarning);
  // Before hours of training: copies of calibrating images are damaged at its end.
  if (isNormalAlone(dataset)) requireSixteenBits(range);
  return { config: { ...asked, range }, dataset };
}

function begunTraining(options: TrainOptions): Training {
  const run = runFolder(options.out);
  const found = openData(options, { allowNormalAlone: true });
  requireNoDivision(options);
  const config = begunConfig(run);
  requireSameConfig(options, config);
  return { config, dataset: partsOfRun(found, run) };
}

/** Damaged images that stand for abnormal ones are made of each normal image, unless told otherwise. */
const DAMAGE_ALONE = 4;

/** The configuration of a new run. Where there is no abnormal image, damage stands for defects, and the warning says what that means. */
function configFor(dataset: Dataset, options: TrainOptions): TrainingConfig {
  const config = configOf(options);
  if (!isNormalAlone(dataset)) return config;
  const { damage } = config.damage > 0 ? config : { damage: DAMAGE_ALONE };
  options.onWarning?.(
    `${dataset.root} holds normal images alone: images damaged by scratches, stains and moved pieces stand for abnormal ones, ${damage} of each ` +
      'normal image (--damage), and a damaged copy of each calibrating one chooses the threshold. So no figure tells how well real defects ' +
      'are found. Put abnormal images, as soon as there are some, into abnormal/ and train again.',
  );
  return { ...config, damage };
}

/** The configuration that a run began with. @throws CyclopsError when there is nothing to resume */
function begunConfig(run: RunFolder): TrainingConfig {
  return existsSync(run.foldScores)
    ? readFoldScores(run).config
    : readCheckpointHead(openRun(run.root).checkpoint).config;
}
