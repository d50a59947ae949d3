import type * as v from 'valibot';
import type { Label } from '../../data/datasets/dataset.ts';
import { finite, object, whole } from '../../data/files/schema.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import type { ScoredImage } from '../scores/scored-image.ts';

export const heatmapSchema = object({
  /** A pixel above it is hot. */
  threshold: finite(0),
  /** How many normal images chose it, of the part that chose the thresholds of scores. */
  images: whole(1),
});

/** What is hot in the heat maps of a model. */
export type HeatmapCalibration = v.InferOutput<typeof heatmapSchema>;

/** The share of normal images without a hot pixel. */
const COLD_SHARE = 0.95;

/** The brightest colour stands for so many thresholds and more: the same for every image and every set. */
export const BRIGHTEST = 3;

/**
 * Chooses what is hot by normal images alone: what only one in twenty of them reaches anywhere. Of n hottest pixels it is
 * the ⌈0.95 (n + 1)⌉-th smallest, so that a new normal image like them has a hot pixel with a probability of at most 5 %
 * (with fewer than 19 images, the hottest of all: 1 / (n + 1)).
 *
 * A quantile of pixels would not keep good images cold: the hottest 0.1 % of them are spread over a third of the images.
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

/** The share of normal images, if they are like those that chose, that has a hot pixel: at most, on average over calibrations. */
export function expectedHotShare({ images }: HeatmapCalibration): number {
  return 1 - rankOf(images) / (images + 1);
}

/**
 * The probability that so many of `total` new normal images, or more, have a hot pixel if they are like those that chose:
 * beta-binomial, since the share beyond the r-th smallest of n values is distributed as Beta(n − r + 1, r).
 */
export function chanceOfHot(hot: number, total: number, { images }: HeatmapCalibration): number {
  const b = rankOf(images);
  const a = images - b + 1;
  // Of none, then of one more at a time; in logarithms, since none of many is next to impossible.
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

/** Which of n values, from the smallest, is the threshold. */
function rankOf(n: number): number {
  return Math.min(n, Math.ceil(COLD_SHARE * (n + 1)));
}

function hottestPixels(images: readonly Pick<ScoredImage, 'label' | 'scores'>[], label: Label): number[] {
  return images.filter((image) => image.label === label).map(({ scores }) => scores.blurmax ?? Number.NaN);
}
