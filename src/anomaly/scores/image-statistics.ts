import * as v from 'valibot';
import { finite, object } from '../../data/files/schema.ts';
import { cellMeans } from '../../data/images/cells.ts';
import type { DecodedImage } from '../../data/images/decoded-image.ts';

/** Numbers of an image that need no network, in gray levels from 0 to 255. */
export const STATISTIC_NAMES = ['mean', 'sd', 'gradient', 'darkest', 'brightest'] as const;
export type StatisticName = (typeof STATISTIC_NAMES)[number];

export type ImageStatistics = Record<StatisticName, number>;

/** @internal */
export const statisticsSchema = object(v.entriesFromList(STATISTIC_NAMES, finite()));

/** What people call them. */
export const STATISTICS: Record<StatisticName, string> = {
  mean: 'mean gray',
  sd: 'standard deviation of gray',
  gradient: 'mean gradient',
  darkest: 'darkest place',
  brightest: 'brightest place',
};

/**
 * Of the image in gray at the size that networks see, by means of cells: mean; standard deviation; mean √(gx² + gy²) of central
 * differences; least and greatest mean of 3 × 3 pixels. The last three leave the border out.
 *
 * @param side at least 3
 */
export function imageStatistics(image: DecodedImage, side: number): ImageStatistics {
  const gray = cellMeans(image, side, side);
  const at = (x: number, y: number) => gray[y * side + x] ?? Number.NaN;
  const mean = gray.reduce((sum, value) => sum + value, 0) / gray.length;
  const variance = gray.reduce((sum, value) => sum + (value - mean) ** 2, 0) / gray.length;
  let slopes = 0;
  let darkest = Number.POSITIVE_INFINITY;
  let brightest = Number.NEGATIVE_INFINITY;
  for (let y = 1; y < side - 1; y++) {
    for (let x = 1; x < side - 1; x++) {
      slopes += Math.hypot(at(x + 1, y) - at(x - 1, y), at(x, y + 1) - at(x, y - 1)) / 2;
      let sum = 0;
      for (let dy = -1; dy <= 1; dy++) for (let dx = -1; dx <= 1; dx++) sum += at(x + dx, y + dy);
      darkest = Math.min(darkest, sum / 9);
      brightest = Math.max(brightest, sum / 9);
    }
  }
  return { mean, sd: Math.sqrt(variance), gradient: slopes / (side - 2) ** 2, darkest, brightest };
}
