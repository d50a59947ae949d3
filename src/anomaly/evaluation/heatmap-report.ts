import type { Calibration } from '../calibration/calibration.ts';
import { chanceOfHot, expectedHotShare, type HeatmapCalibration, hotImages } from '../calibration/heatmap-scale.ts';
import { requireMap } from '../maps/list.ts';
import type { ScoredImage } from '../scores/scored-image.ts';

/** What is hot in heat maps, on which part it was chosen, and how many of the judged images have a hot pixel. */
export interface HeatmapReport extends HeatmapCalibration {
  /** The map, for people, and how a pixel's value is computed. */
  label: string;
  formula: string;
  chosenOn: Calibration['chosenOn'];
  normal: { hot: number; total: number };
  abnormal: { hot: number; total: number };
  /** At most this share of normal images has a hot pixel, on average over calibrations, if they are like those that chose. */
  expectedShare: number;
  /** The probability that at least so many of the judged normal images have one, if they are like those that chose. */
  chance: number;
  /** True where that is too small to be believed: the judged normal images are of another kind. */
  unlikely: boolean;
  /** True if any of the judged images trained or calibrated the run. */
  oracle: boolean;
}

/** What has a smaller probability is no chance. */
const UNLIKELY = 0.01;

/** What to do where more normal images are hot than chance allows. */
export const HOT_NORMALS_WARNING =
  'more normal images are hot than chance allows, so they are not like those that calibrated. Do not trust the heat maps of ' +
  'images like them; let such images calibrate, or train on more kinds of normal images.';

/** What heat maps say of judged images. @param images with the hottest pixel each @throws CyclopsError as {@link requireMap} */
export function reportHeatmap(
  images: readonly ScoredImage[],
  heatmap: HeatmapCalibration,
  chosenOn: Calibration['chosenOn'],
): HeatmapReport {
  const shown = requireMap(heatmap.map);
  const normal = hotImages(images, 'normal', heatmap);
  const chance = chanceOfHot(normal.hot, normal.total, heatmap);
  return {
    ...{ label: shown.label, formula: shown.formula },
    ...{ ...heatmap, chosenOn, normal, abnormal: hotImages(images, 'abnormal', heatmap) },
    ...{ expectedShare: expectedHotShare(heatmap), chance, unlikely: chance < UNLIKELY },
    oracle: images.some(({ seenInTraining }) => seenInTraining),
  };
}
