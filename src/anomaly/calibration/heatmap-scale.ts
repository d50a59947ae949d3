import * as v from 'valibot';
import type { Label } from '../../data/datasets/dataset.ts';
import { byName, finite, object, text, whole } from '../../data/files/schema.ts';
import { RESIDUAL5 } from '../maps/list.ts';
import type { ScoredImage } from '../scores/scored-image.ts';

/** The share of normal images without a hot pixel. */
export const COLD_SHARE = 0.9;

/** What it was before it was stored. */
const FORMER_COLD_SHARE = 0.95;

/** What is hot in a map, and where the scale of its colours begins. */
export interface HeatScale {
  /** A pixel above it is hot. */
  threshold: number;
  /** The value of the darkest colour: what normal images have in the middle, or 0 where a map has a zero of its own. */
  floor: number;
}

/** The heat map of a model, what is hot in it, and the same of the other maps that it could show. */
export interface HeatmapCalibration extends HeatScale {
  /** Name of the map. */
  map: string;
  /** How many normal images chose what is hot; they also chose the thresholds of scores. */
  images: number;
  /** The share of normal images like them without a hot pixel, at least and on average. */
  coldShare: number;
  /** AUPRO of each map on the images that chose, by which the map was chosen; null where too few of them have masks. */
  aupro: Record<string, number> | null;
  /** By name. */
  others: Record<string, HeatScale>;
}

/**
 * Heat maps that were calibrated before there was a choice are of the residual over 5 × 5 pixels, from 0 on.
 *
 * @internal
 */
export const heatmapSchema = object({
  map: v.optional(text, RESIDUAL5.name),
  threshold: finite(),
  floor: v.optional(finite(), 0),
  images: whole(1),
  coldShare: v.optional(finite(0, 1), FORMER_COLD_SHARE),
  aupro: v.optional(v.nullable(byName(finite(0, 1))), null),
  others: v.optional(byName(object({ threshold: finite(), floor: finite() })), {}),
}) satisfies v.GenericSchema<unknown, HeatmapCalibration>;

/** The brightest colour stands for all values from this many times the threshold on, above the floor, in every image of every data set. */
export const BRIGHTEST = 3;

/** Names of the maps that a model can show: its own heat map first. */
export function calibratedMaps({ map, others }: HeatmapCalibration): string[] {
  return [map, ...Object.keys(others)];
}

/** The same calibration with another heat map; null where nothing is known of that map. */
export function withMap(heatmap: HeatmapCalibration, map: string): HeatmapCalibration | null {
  const { [map]: scale, ...rest } = heatmap.others;
  if (heatmap.map === map) return heatmap;
  const { threshold, floor } = heatmap;
  return scale ? { ...heatmap, map, ...scale, others: { [heatmap.map]: { threshold, floor }, ...rest } } : null;
}

/** The share of new normal images that have a hot pixel is at most this on average, if they are like those that calibrated. */
export function expectedHotShare({ images, coldShare }: Pick<HeatmapCalibration, 'images' | 'coldShare'>): number {
  return 1 - rankOf(images, coldShare) / (images + 1);
}

/**
 * The probability that `hot` or more of `total` new normal images have a hot pixel, if they are like those that calibrated. The number
 * is distributed as a beta-binomial: the share of images above the r-th smallest of n values has the distribution Beta(n − r + 1, r).
 */
export function chanceOfHot(
  hot: number,
  total: number,
  { images, coldShare }: Pick<HeatmapCalibration, 'images' | 'coldShare'>,
): number {
  const b = rankOf(images, coldShare);
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

/** How many images of a class have a hot pixel. @param images with the hottest pixel of the heat map each */
export function hotImages(
  images: readonly Pick<ScoredImage, 'label' | 'hottest'>[],
  label: Label,
  { threshold }: Pick<HeatmapCalibration, 'threshold'>,
): { hot: number; total: number } {
  const own = images.filter((image) => image.label === label);
  return { hot: own.filter(({ hottest = Number.NaN }) => hottest > threshold).length, total: own.length };
}

/** The value of the brightest colour. */
export function heatmapMaximum({ threshold, floor }: HeatScale): number {
  return floor + BRIGHTEST * (threshold - floor);
}

/** The rank of the threshold among n values, counted from the smallest. */
export function rankOf(n: number, coldShare: number): number {
  return Math.min(n, Math.ceil(coldShare * (n + 1)));
}
