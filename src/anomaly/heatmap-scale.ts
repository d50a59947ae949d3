import type { ScoredImage } from './thresholds.ts';

/** The share of images whose hottest pixel stays below the brightest colour: one wild image must not darken the rest. */
const QUANTILE = 0.95;

/** The value of the brightest colour of heat maps, the same for every image of a set. */
export function heatmapMaximum(images: readonly Pick<ScoredImage, 'scores'>[]): number {
  const hottest = images.map(({ scores }) => scores.blurmax ?? 0).sort((a, b) => a - b);
  return hottest[Math.floor(QUANTILE * (hottest.length - 1))] ?? 0;
}
