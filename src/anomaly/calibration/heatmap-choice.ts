import { CyclopsError } from '../../gpu/errors.ts';
import { mapNamed, RESIDUAL5 } from '../maps/list.ts';
import { highest } from '../metrics/highest.ts';
import { median } from '../metrics/median.ts';
import { scoreNamed } from '../scores/list.ts';
import type { HeatStatistics, ScoredImage } from '../scores/scored-image.ts';
import { COLD_SHARE, type HeatmapCalibration, type HeatScale, rankOf } from './heatmap-scale.ts';

/** How well maps find defects, over some of the images that calibrate. */
export interface MapMerit {
  /** Abnormal images with masks. */
  masked: number;
  /** AUPRO by map; empty where no mask marks anything. */
  aupro: Record<string, number>;
  /** By map, the F1 of its pixels at the threshold that is best for it; absent where an earlier version measured. */
  f1?: Record<string, number>;
}

interface ChoiceOptions {
  /** Of all images that calibrate, or of each fold. */
  merits: readonly MapMerit[];
  /** The score that decides, or leads those that do. */
  decides: string;
  /** The map that a user wants, whatever its merit. */
  wanted?: string | undefined;
}

/** From so many abnormal images with masks on, masks choose the map. */
export const LEAST_MASKED = 5;

/** Maps whose AUPRO is no further below the highest cannot be told from it by a few dozen masks. */
const EQUAL = 0.02;

/**
 * Chooses, on the images that calibrate, the map that heat maps show: the one with the highest AUPRO where at least
 * {@link LEAST_MASKED} of them have masks, and of those within {@link EQUAL} of it the one whose hot pixels fit the masks best. Else it is the map of the score that decides, where that is one of those calibrated, and
 * where it is not, the residual over 5 × 5 pixels. For each map it chooses, on normal images alone, the value above which a pixel is hot,
 * so that about one normal image in ten has a hot pixel.
 *
 * Each of n images has a hottest pixel; the threshold is the ⌈0.9 (n + 1)⌉-th smallest of these values. A new normal image of the
 * same kind then has a hot pixel with a probability of at most 10 %. With fewer than 9 images the threshold is the largest of the
 * values, and the probability at most 1 / (n + 1). One in twenty would be the largest of up to 38 values, and so hang on one odd image.
 *
 * A quantile of all pixels would do worse: the hottest 0.1 % of the pixels of normal images are spread over a third of these images,
 * each of which would then look abnormal.
 *
 * @param images of which only the normal ones count, each with statistics of the same maps
 * @throws CyclopsError without a normal image, and for a wanted map that was not calibrated
 */
export function calibrateHeatmap(
  images: readonly Pick<ScoredImage, 'label' | 'scores' | 'heat'>[],
  { merits, decides, wanted }: ChoiceOptions,
): HeatmapCalibration {
  const normal = images.flatMap((image) => (image.label === 'normal' ? [heatOf(image)] : []));
  const [first] = normal;
  if (!first) throw new CyclopsError('Calibrating heat maps needs normal images; got none. Add some.');
  // Versions may have scored some of them that did not know as many maps.
  const names = Object.keys(first).filter((name) => normal.every((heat) => Object.hasOwn(heat, name)));
  const scales = Object.fromEntries(names.map((name) => [name, scaleOf(name, normal)]));
  const aupro = meanMerit(merits, names);
  const map = wanted ?? (aupro && bestOf(aupro, meanMerit(merits, names, 'f1'))) ?? mapOfScore(decides, scales);
  const { [map]: scale, ...others } = scales;
  if (scale) return { map, ...scale, images: normal.length, coldShare: COLD_SHARE, aupro, others };
  throw new CyclopsError(
    `The map ${map} was not calibrated: the folds have left no figures of it. Choose one of ${Object.keys(scales).join(', ')}.`,
  );
}

/** Images that were scored before there was a choice have the hottest pixel of the one map as a score. */
function heatOf({ heat, scores }: Pick<ScoredImage, 'scores' | 'heat'>): Record<string, HeatStatistics> {
  return heat ?? { [RESIDUAL5.name]: { hottest: scores.blurmax ?? Number.NaN, median: 0 } };
}

function scaleOf(name: string, images: readonly Record<string, HeatStatistics>[]): HeatScale {
  const of = images.flatMap((heat) => heat[name] ?? []);
  const hottest = of.map((own) => own.hottest).sort((a, b) => a - b);
  const threshold = hottest[rankOf(hottest.length, COLD_SHARE) - 1] ?? Number.NaN;
  return { threshold, floor: mapNamed(name)?.zero ?? median(of.map((own) => own.median)) ?? 0 };
}

/** The map with the highest AUPRO, or of those equal to it the one with the highest F1, where that is known; undefined without maps. */
function bestOf(
  aupro: Readonly<Record<string, number>>,
  f1: Readonly<Record<string, number>> | null,
): string | undefined {
  const top = highest(Object.entries(aupro));
  if (!top || !f1) return top?.[0];
  const equal = Object.keys(aupro).filter((name) => (aupro[name] ?? 0) >= top[1] - EQUAL);
  return highest(equal.map((name) => [name, f1[name] ?? 0]))?.[0];
}

/**
 * A figure by map, the mean over the merits, each weighing as much as it has masks; null where these are too few.
 *
 * @param maps unless they are given, those that all merits know
 */
export function meanMerit(
  merits: readonly MapMerit[],
  maps: readonly string[] = namesIn(merits),
  figure: 'aupro' | 'f1' = 'aupro',
): Record<string, number> | null {
  const known = merits.flatMap(({ masked, [figure]: of = {} }) =>
    masked > 0 && Object.keys(of).length > 0 ? [{ masked, of }] : [],
  );
  const masked = known.reduce((sum, merit) => sum + merit.masked, 0);
  if (masked < LEAST_MASKED) return null;
  const meanOf = (name: string) => known.reduce((sum, merit) => sum + merit.masked * (merit.of[name] ?? 0), 0) / masked;
  return Object.fromEntries(maps.map((name) => [name, meanOf(name)]));
}

function namesIn(merits: readonly MapMerit[]): string[] {
  const [first, ...others] = merits.filter(({ masked }) => masked > 0);
  return Object.keys(first?.aupro ?? {}).filter((name) => others.every(({ aupro }) => Object.hasOwn(aupro, name)));
}

function mapOfScore(score: string, scales: Readonly<Record<string, HeatScale>>): string {
  const map = scoreNamed(score)?.pools?.map.name;
  return map !== undefined && Object.hasOwn(scales, map) ? map : RESIDUAL5.name;
}
