import type * as v from 'valibot';
import type { Label } from '../../data/datasets/dataset.ts';
import { finite, object, whole } from '../../data/files/schema.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import type { ScoredImage } from '../scores/scored-image.ts';

/** What is hot in the heat maps of a model. */
export interface HeatmapCalibration {
  /** A pixel above it is hot. */
  threshold: number;
  /** How many normal images it was chosen on; they also chose the thresholds of scores. */
  images: number;
}

/** @internal */
export const heatmapSchema = object({ threshold: finite(0), images: whole(1) }) satisfies v.GenericSchema<
  unknown,
  HeatmapCalibration
>;

/** The share of normal images without a hot pixel. */
const COLD_SHARE = 0.95;

/** The brightest colour stands for all values from this many times the threshold on, in every image of every data set. */
export const BRIGHTEST = 3;

/**
 * Chooses, on normal images alone, the value above which a pixel is hot, so that about one normal image in twenty has a hot pixel.
 *
 * Each of n images has a hottest pixel; the threshold is the ⌈0.95 (n + 1)⌉-th smallest of these values. A new normal image of the
 * same kind then has a hot pixel with a probability of at most 5 %. With fewer than 19 images the threshold is the largest of the
 * values, and the probability at most 1 / (n + 1).
 *
 * A quantile of all pixels would do worse: the hottest 0.1 % of the pixels of normal images are spread over a third of these images,
 * each of which would then look abnormal.
 *
 * @param images with the score `blurmax`, the hottest pixel of a heat map; only normal ones count
 * @throws CyclopsError without a normal image
 */
export function calibrateHeatmap(images: readonly Pick<ScoredImage, 'label' | 'scores'>[]): HeatmapCalibration {
  const hottest = hottestPixels(images, 'normal').sort((a, b) => a - b);
  const threshold = hottest[rankOf(hottest.length) - 1];
  if (threshold === undefined) throw new CyclopsError('Calibrating heat maps needs normal images; got none. Add some.');
  return { threshold, images: hottest.length };
}

/** The share of new normal images that have a hot pixel is at most this on average, if they are like those that calibrated. */
export function expectedHotShare({ images }: HeatmapCalibration): number {
  return 1 - rankOf(images) / (images + 1);
}

/**
 * The probability that `hot` or more of `total` new normal images have a hot pixel, if they are like those that calibrated. The number
 * is distributed as a beta-binomial: the share of images above the r-th smallest of n values has the distribution Beta(n − r + 1, r).
 */
export function chanceOfHot(hot: number, total: number, { images }: HeatmapCalibration): number {
  const b = rankOf(images);
  const a = images - b + 1;
  // Begins with the probability of no hot image, then adds those of 1, 2, …. In logarithms, since the probability of none may be too small
  // for a number.
  let logProbability = 0;
  for (let i = 0; i < total; i++) logProbability += Math.log((b + i) / (a + b + i));
  let fewer = 0;
  for (let count = 0; count < hot; count++) {
    fewer += Math.exp(logProbability);
    logProbability += Math.log(((total - count) / (count + 1)) * ((count + a) / (total - count - 1 + b)));
  }
  return Math.max(0, 1 - fewer);
}

/** How many images of a class have a hot pixel. */
export function hotImages(
  images: readonly Pick<ScoredImage, 'label' | 'scores'>[],
  label: Label,
  { threshold }: HeatmapCalibration,
): { hot: number; total: number } {
  const hottest = hottestPixels(images, label);
  return { hot: hottest.filter((value) => value > threshold).length, total: hottest.length };
}

/** The value of the brightest colour. */
export function heatmapMaximum({ threshold }: HeatmapCalibration): number {
  return BRIGHTEST * threshold;
}

/** The rank of the threshold among n values, counted from the smallest. */
function rankOf(n: number): number {
  return Math.min(n, Math.ceil(COLD_SHARE * (n + 1)));
}

function hottestPixels(images: readonly Pick<ScoredImage, 'label' | 'scores'>[], label: Label): number[] {
  return images.filter((image) => image.label === label).map(({ scores }) => scores.blurmax ?? Number.NaN);
}
