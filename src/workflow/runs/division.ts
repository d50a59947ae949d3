import type { RunFolder } from '../../cyclegan/run/run-folder.ts';
import { type Dataset, isNormalAlone } from '../../data/datasets/dataset.ts';
import { groupByName } from '../../data/datasets/groups.ts';
import { applyLists, readLists } from '../../data/datasets/lists.ts';
import { cutCalibration, splitDataset, splitNormalAlone } from '../../data/datasets/split.ts';
import { UsageError } from '../common/usage-error.ts';
import { requireFolds } from './cross-calibration.ts';

/** Of the training images, the share that chooses score and threshold instead. */
export const CALIBRATION_SHARE = 0.2;

/** Options that divide the images of a new run. */
export interface DivisionOptions {
  /** Share of the training images that calibrate instead, 0 to 0.9; {@link CALIBRATION_SHARE} unless told otherwise. */
  calibrationShare?: number | undefined;
  /** Instead of a calibration part: so many networks, each trained without its fold of the training images, score it. */
  folds?: number | undefined;
  /** A regular expression: images in whose names it finds the same text show one object and stay in one part. */
  groupBy?: string | undefined;
}

/**
 * The parts that the data folder names, or those that the options and the seed give.
 *
 * @throws UsageError when the options do not fit together, or not the images
 */
export function divide(dataset: Dataset, { calibrationShare, folds, groupBy }: DivisionOptions, seed: number): Dataset {
  const share = calibrationShare ?? CALIBRATION_SHARE;
  if (!(share >= 0 && share <= 0.9)) {
    throw new UsageError(`--calibration-share is ${share}; expected a number from 0 to 0.9, such as 0.2.`);
  }
  if (isNormalAlone(dataset)) {
    if (folds !== undefined) {
      throw new UsageError('--folds lets abnormal images calibrate in turn, and there are none. Leave it out.');
    }
    return splitNormalAlone(groupBy === undefined ? dataset : groupByName(dataset, groupBy), share, seed);
  }
  const split = splitDataset(groupBy === undefined ? dataset : groupByName(dataset, groupBy), seed);
  if (folds === undefined) return cutCalibration(split, share, seed);
  if (calibrationShare !== undefined || split.images.some(({ part }) => part === 'calibration')) {
    throw new UsageError(
      '--folds lets every training image calibrate in turn, so that there is no calibration part. Leave --calibration-share out, and ' +
        'calibration.txt out of the data folder.',
    );
  }
  requireFolds(split, folds);
  return split;
}

/** The parts that a run's own lists name. */
export function partsOfRun(dataset: Dataset, run: RunFolder): Dataset {
  return { ...dataset, images: applyLists(dataset.images, readLists(run.root), run.root) };
}

/** @throws UsageError since a run keeps the parts that it began with */
export function requireNoDivision({ calibrationShare, folds, groupBy }: DivisionOptions): void {
  if (calibrationShare === undefined && folds === undefined && groupBy === undefined) return;
  throw new UsageError(
    '--calibration-share, --folds and --group-by divide the images of a new run, and a resumed run keeps its parts. Leave them out.',
  );
}
