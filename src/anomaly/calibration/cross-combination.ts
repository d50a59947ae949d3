import { LABELS } from '../../data/datasets/dataset.ts';
import { cutFolds } from '../../data/datasets/folds.ts';
import { countObjects } from '../../data/datasets/groups.ts';
import type { ScoreInfo } from '../scores/score.ts';
import type { ScoredImage } from '../scores/scored-image.ts';
import { type Combination, combine, fitCombination } from './combination.ts';

/** The combination as a score among the others. */
export const COMBINED: ScoreInfo = {
  name: 'combined',
  label: 'combination of all scores',
  formula: 'logistic regression on the standardised scores, fitted in calibration',
  paper: false,
};

/** Scores are combined, and averaged, where at least this many images of each class calibrate. */
export const COMBINED_LEAST = 5;

/** A combination of scores, and what fits without them say of the images that it was fitted on. */
export interface CrossCombination {
  combination: Combination;
  outOfFold: readonly number[];
}

/** The images are divided into this many folds, or into fewer where a class has fewer objects. */
const MOST_FOLDS = 5;

/** With a fixed seed, the same images always fall into the same folds. */
const SEED = 0;

/**
 * The penalty of the fit is large because there are few images and the scores are strongly correlated, so that a weak penalty would fit
 * noise. On held-out thirds of the training parts of five sets 3 was better than 10 and 30, and as good as 1: bench/NOTES.md.
 */
const PENALTY = 3;

/**
 * Fits a combination of the scores of labelled images, and estimates how good it is by cross-validation.
 *
 * `combination` is fitted on all images. It would look too good on these same images, so figures and thresholds need other scores:
 * `outOfFold` has, for each image, its score by a second combination, which was fitted without the image's fold. Images of one group
 * are always in the same fold. A fit on fewer images has a penalty that is smaller in proportion, so that images and penalty keep
 * their balance.
 *
 * @param columns the scores of the images, by name
 * @returns null where a class has fewer than {@link COMBINED_LEAST} images, or where one group has all images of a class
 */
export function crossCombination(
  images: readonly ScoredImage[],
  columns: ReadonlyMap<string, readonly number[]>,
): CrossCombination | null {
  const { normal, abnormal } = countObjects(images);
  const count = Math.min(MOST_FOLDS, normal, abnormal);
  const folds = cutFolds(images, Math.max(1, count), SEED);
  const hasBoth = (chosen: readonly ScoredImage[], least: number) =>
    LABELS.every((label) => chosen.filter((image) => image.label === label).length >= least);
  const withoutFold = Array.from({ length: count }, (_, fold) => images.filter((_, i) => folds[i] !== fold));
  if (!hasBoth(images, COMBINED_LEAST) || !withoutFold.every((chosen) => hasBoth(chosen, 1))) return null;
  const entries = images.map(({ label }, i) => {
    const scores = Object.fromEntries([...columns].map(([name, column]) => [name, column[i] ?? Number.NaN]));
    return { scores, label: label ?? 'normal' };
  });
  const fitOn = (chosen: typeof entries) =>
    fitCombination(
      chosen.map(({ scores }) => scores),
      chosen.map(({ label }) => label),
      (PENALTY * chosen.length) / entries.length,
    );
  const fits = withoutFold.map((_, fold) => fitOn(entries.filter((_, i) => folds[i] !== fold)));
  const outOfFold = entries.map(({ scores }, i) => {
    const fit = fits[folds[i] ?? 0];
    return fit ? combine(fit, scores) : Number.NaN;
  });
  return { combination: fitOn(entries), outOfFold };
}
