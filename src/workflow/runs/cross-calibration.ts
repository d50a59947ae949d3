import * as v from 'valibot';
import type { Calibration } from '../../anomaly/calibration/calibration.ts';
import {
  type FoldResult,
  type FoldScores,
  foldResultSchema,
  readFoldScores,
  withFold,
  writeFoldScores,
} from '../../anomaly/calibration/fold-scores.ts';
import { openRunNetworks } from '../../anomaly/detector/run-networks.ts';
import { scoreColumn } from '../../anomaly/scores/scored-image.ts';
import type { TrainingConfig } from '../../cyclegan/config.ts';
import { recordData } from '../../cyclegan/run/data-record.ts';
import {
  createRun,
  foldFolder,
  hasCheckpoint,
  inRun,
  type RunFolder,
  runFolder,
} from '../../cyclegan/run/run-folder.ts';
import { sharedWarmUp } from '../../cyclegan/run/warm-up.ts';
import { type Dataset, LABELS, type Label, partOf } from '../../data/datasets/dataset.ts';
import { cutFolds } from '../../data/datasets/folds.ts';
import { countObjects } from '../../data/datasets/groups.ts';
import { writeSplit } from '../../data/datasets/split.ts';
import { removeRemains } from '../../data/files/remains.ts';
import type { Device } from '../../gpu/device.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { listenerOf } from '../common/listener.ts';
import { UsageError } from '../common/usage-error.ts';
import type { Job } from '../shards/job.ts';
import { resultsOf, writePiece } from '../shards/pieces.ts';
import { scoreRecorded } from './calibrate-run.ts';
import { type TrainRunOptions, trainNetworks, trainRun } from './train-run.ts';

/**
 * Cuts the training part into folds.
 *
 * @param dataset with a part for every image, none of them calibration
 * @throws UsageError for a number of folds that cannot be
 */
export function foldsOf(dataset: Dataset, folds: number, config: TrainingConfig): FoldScores {
  const images = partOf(dataset, 'train');
  const dealt = cutFolds(images, folds, config.seed);
  for (let fold = 0; fold < folds; fold++) {
    for (const label of LABELS) {
      if (images.some((image, i) => dealt[i] === fold && image.label === label)) continue;
      throw new UsageError(
        `--folds ${folds} would leave a fold without a ${label} image, since groups that show both classes stay whole. Use fewer folds.`,
      );
    }
  }
  return {
    folds,
    trains: config.netD === 'unet' ? 'segmenter' : 'all',
    hash: hashOfTraining(dataset),
    config,
    images: images.map(({ file, label, group }, i) => ({
      ...{ file, label, fold: (dealt[i] ?? 0) + 1 },
      ...(group !== undefined && { group }),
    })),
    merits: [],
  };
}

/** Notes folds in a new run: from then on it can be resumed. */
export function beginFolds(run: RunFolder, dataset: Dataset, folds: FoldScores): void {
  writeSplit(run.root, dataset);
  writeFoldScores(run, folds);
}

/** @throws UsageError unless each fold can have an object of each class */
export function requireFolds(dataset: Dataset, folds: number): void {
  const images = partOf(dataset, 'train');
  const objects = countObjects(images);
  const rarer: Label = objects.abnormal <= objects.normal ? 'abnormal' : 'normal';
  const most = objects[rarer];
  if (Number.isInteger(folds) && folds >= 2 && folds <= most) return;
  const own = images.filter(({ label }) => label === rarer).length;
  throw new UsageError(
    `--folds is ${folds}; expected a whole number from 2 to ${most}, the number of ${rarer} objects that the training part has ` +
      `(${own} images). Each fold needs one of each class.`,
  );
}

/**
 * For each fold of the training part, trains networks on the other folds, into RUN/fold-1, …, and lets them score that fold. Then trains
 * networks on the whole part, into RUN; the scores of the folds choose their score and thresholds. Folds that are done are not trained
 * again. Where there is a segmenter, folds train it alone, and it alone decides: it needs no other network, and two fifths of the time.
 *
 * @param options of a run that {@link beginFolds} began, with the images that it began with @returns null when the signal stopped it
 */
export async function crossCalibrate(
  device: Device,
  own: Omit<TrainRunOptions, 'resume'>,
): Promise<Calibration | null> {
  const options = { ...own, warmUp: sharedWarmUp() };
  const { run } = options;
  // Without shards nobody else writes fold scores here.
  removeRemains(run.root);
  let known = readFoldScores(run);
  const dataset = withGroups(options.dataset, known);
  for (let fold = 1; fold <= known.folds; fold++) {
    if (known.images.some((image) => image.fold === fold && image.scores)) continue;
    const found = await scoreFold(device, { ...options, dataset }, known, fold);
    if (!found) return null;
    known = withFold(known, found);
    writeFoldScores(run, known);
  }
  tellOfAll(options);
  return await trainRun(device, { ...options, dataset, resume: hasCheckpoint(run) });
}

/** The last of the pieces of a run of folds: the networks of all training images. */
const ALL = 'all';

/** What the shards of a run of folds make: a piece for each fold, and one for the networks that are trained on all. */
export function foldPieces(folds: number): string[] {
  return [...Array.from({ length: folds }, (_, i) => `fold-${i + 1}`), ALL];
}

/**
 * Makes some of these pieces: what the networks of a fold found in it, or networks, which a checkpoint holds then.
 *
 * @param options of a run that {@link beginFolds} began, with the images that it began with
 * @returns whether all are made; not where the signal stopped it
 */
export async function makeFoldPieces(
  device: Device,
  own: Omit<TrainRunOptions, 'resume'>,
  { job, names }: { job: Job; names: readonly string[] },
): Promise<boolean> {
  const options = { ...own, warmUp: sharedWarmUp() };
  const { run } = options;
  const known = readFoldScores(run);
  const dataset = withGroups(options.dataset, known);
  for (const name of names) {
    let result: FoldResult | null = null;
    if (name === ALL) {
      tellOfAll(options);
      const training = { ...options, dataset, resume: hasCheckpoint(run) };
      if ((await inRun(run, options.onWarning, () => trainNetworks(device, training))) === 'stopped') return false;
    } else {
      result = await scoreFold(device, { ...options, dataset }, known, job.pieces.indexOf(name) + 1);
      if (!result) return false;
    }
    writePiece(run.root, job, name, result);
  }
  return true;
}

/** Puts what the pieces of folds hold where `crossCalibrate` would have put it. @throws CyclopsError when some are missing */
export function collectFolds(run: RunFolder, job: Job): void {
  const results = resultsOf(run.root, job, v.nullable(foldResultSchema));
  const begun = readFoldScores(run);
  const merge = (known: FoldScores, result: FoldResult | null) => (result ? withFold(known, result) : known);
  writeFoldScores(run, results.reduce(merge, { ...begun, merits: [] }));
}

/** Trains networks without a fold, and lets them score it. @returns null when the signal stopped it */
async function scoreFold(
  device: Device,
  options: Omit<TrainRunOptions, 'resume'>,
  known: FoldScores,
  fold: number,
): Promise<FoldResult | null> {
  const { run, onProgress, onWarning } = options;
  const own = runFolder(foldFolder(run, fold));
  onProgress?.({ stage: 'run', what: 'fold', number: fold, total: known.folds, folder: own.root });
  return await inRun(own, onWarning, () => scoreFoldIn(own, device, options, known, fold));
}

async function scoreFoldIn(
  own: RunFolder,
  device: Device,
  options: Omit<TrainRunOptions, 'resume'>,
  known: FoldScores,
  fold: number,
): Promise<FoldResult | null> {
  const { dataset, tune, grayMasks } = options;
  const resume = hasCheckpoint(own);
  if (!resume) createRun(own.root);
  const segmenterAlone = known.trains === 'segmenter';
  const training = { ...options, dataset: withoutFold(dataset, known, fold), run: own, resume, segmenterAlone };
  // A profile is of one kind of step: that of all networks, which comes last.
  const onProfile = segmenterAlone ? undefined : options.onProfile;
  // Without generators there are no sample pictures.
  const config = segmenterAlone ? { ...options.config, sampleInterval: 0 } : options.config;
  if ((await trainNetworks(device, { ...training, config, onProfile })) === 'stopped') return null;
  const detector = openRunNetworks(device, own);
  try {
    const scored = await scoreRecorded(detector, {
      ...listenerOf(options),
      run: own,
      data: dataset.root,
      tune,
      grayMasks,
    });
    if (!scored) return null;
    // JSON has no NaN, so weights that diverged must be reported here.
    for (const name of Object.keys(scored.images[0]?.scores ?? {})) scoreColumn(scored.images, name);
    const images = scored.images.map(({ file, scores, statistics, form, change, heat }) => ({
      ...{ file, scores },
      ...(statistics && { statistics }),
      ...(form && { form }),
      ...(change !== undefined && { change }),
      ...(heat && { heat }),
    }));
    return { images, merits: scored.merits };
  } finally {
    detector.dispose();
  }
}

function tellOfAll({ run, onProgress }: Omit<TrainRunOptions, 'resume'>): void {
  onProgress?.({ stage: 'run', what: 'all', number: 1, total: 1, folder: run.root });
}

/** The images with the groups that the run began with, so that an option that found them in names need not be given again. */
function withGroups(dataset: Dataset, { images }: FoldScores): Dataset {
  const groups = new Map(images.map(({ file, group }) => [file, group]));
  return {
    ...dataset,
    images: dataset.images.map((image) => {
      const group = groups.get(image.file);
      return group === undefined ? image : { ...image, group };
    }),
  };
}

/** The training part alone, in which one fold calibrates. */
function withoutFold(dataset: Dataset, { images }: FoldScores, fold: number): Dataset {
  const aside = new Set(images.flatMap((image) => (image.fold === fold ? [image.file] : [])));
  return {
    ...dataset,
    images: dataset.images.flatMap((image) => {
      if (image.part !== 'train') return [];
      return [aside.has(image.file) ? { ...image, part: 'calibration' as const } : image];
    }),
  };
}

/** What tells the training images of a data set from others: each is read for it. */
export function hashOfTraining(dataset: Dataset): string {
  return recordData(dataset.root, partOf(dataset, 'train')).hash;
}

/** @param begun the {@link hashOfTraining} of a data set @throws CyclopsError unless a run of folds began with its training images */
export function requireSameImages(run: RunFolder, { root }: Dataset, begun: string): void {
  const { hash, images } = readFoldScores(run);
  if (begun === hash) return;
  throw new CyclopsError(
    `The training images of ${root} are not the ${images.length} that the run in ${run.root} was cut into folds from. Resume ` +
      'with the same images, or begin a new run in another folder.',
  );
}
