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

/** As many images of each class have to be there. */
export const COMBINED_LEAST = 5;

/** As many folds are cut, or fewer where there are fewer objects. */
const MOST_FOLDS = 5;

/** The folds are the same in every calibration of the same images. */
const SEED = 0;

/**
 * Scores say much the same, and the images are few: found on synthetic scores in three correlated blocks, 7 to 50 images a
 * class, where 30 did better on new images than 1, 3 and 10, and as well as 100 or a choice of the penalty by cross-validation.
 */
const PENALTY = 30;

/**
 * Combines the scores of labelled images, and says what each image would score by a combination that was fitted without it
 * and its group: figures of these are not better than they should be. The penalty of an image is the same in each fit.
 *
 * @param columns the scores of the images, by name
 * @returns null where a class has fewer than {@link COMBINED_LEAST} images, or all of one object
 */
export function crossCombination(
  images: readonly ScoredImage[],
  columns: ReadonlyMap<string, readonly number[]>,
): { combination: Combination; outOfFold: number[] } | null {
  const { normal, abnormal } = countObjects(images);
  const count = Math.min(MOST_FOLDS, normal, abnormal);
  const folds = cutFolds(images, Math.max(1, count), SEED);
  const hasBoth = (chosen: readonly ScoredImage[], least: number) =>
    LABELS.every((label) => chosen.filter((image) => image.label === label).length >= least);
  const others = Array.from({ length: count }, (_, fold) => images.filter((_, i) => folds[i] !== fold));
  if (!hasBoth(images, COMBINED_LEAST) || !others.every((chosen) => hasBoth(chosen, 1))) return null;
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
  const without = others.map((_, fold) => fitOn(entries.filter((_, i) => folds[i] !== fold)));
  const outOfFold = entries.map(({ scores }, i) => {
    const other = without[folds[i] ?? 0];
    return other ? combine(other, scores) : Number.NaN;
  });
  return { combination: fitOn(entries), outOfFold };
}
