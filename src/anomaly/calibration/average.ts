import { mean } from '../metrics/mean.ts';
import type { ScoreInfo } from '../scores/score.ts';
import { type Combination, deviation } from './combination.ts';

/** The average as a score among the others. */
export const AVERAGE: ScoreInfo = {
  name: 'average',
  label: 'average of equal scores',
  formula: 'mean of the scores that calibration cannot tell from the best, in standard deviations of normal images',
  paper: false,
};

/** Scores are averaged where at least so many images of each class calibrate. */
export const AVERAGE_LEAST = 5;

/**
 * The mean of some scores, each in standard deviations from its mean over normal images, which makes numbers of any unit comparable. Nothing is
 * fitted to abnormal images, so its figures on the images that calibrate are hardly better than on new ones.
 *
 * On held-out thirds of the training parts of six sets it was never worse than the leading score, and on one much better: bench/NOTES.md.
 *
 * @param columns the scores of the images, by name @param normal of each image, whether it is
 */
export function averageOf(columns: ReadonlyMap<string, readonly number[]>, normal: readonly boolean[]): Combination {
  const entries = [...columns].map(([name, column]) => {
    const own = column.filter((_, i) => normal[i]);
    const centre = mean(own);
    return { name, centre, sd: deviation(own, centre) };
  });
  return {
    weights: Object.fromEntries(entries.map(({ name }) => [name, 1 / entries.length])),
    bias: 0,
    means: Object.fromEntries(entries.map(({ name, centre }) => [name, centre])),
    sds: Object.fromEntries(entries.map(({ name, sd }) => [name, sd])),
  };
}
