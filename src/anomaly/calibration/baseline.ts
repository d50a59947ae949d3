import type * as v from 'valibot';
import { finite, object, oneOf } from '../../data/files/schema.ts';
import { auroc } from '../metrics/classification.ts';
import { STATISTIC_NAMES, type StatisticName } from '../scores/image-statistics.ts';
import type { ScoredImage } from '../scores/scored-image.ts';

/** The statistic that tells images apart best without a network. */
export interface Baseline {
  statistic: StatisticName;
  /** Which way round: whether abnormal images have more of it, or less. */
  abnormalHas: 'more' | 'less';
  /** On the images that chose it. */
  auroc: number;
}

/** @internal */
export const baselineSchema = object({
  statistic: oneOf(STATISTIC_NAMES),
  abnormalHas: oneOf(['more', 'less']),
  auroc: finite(0, 1),
}) satisfies v.GenericSchema<unknown, Baseline>;

/** Chooses statistic and direction by the highest AUROC (the first of equals). @returns null where an image has no statistics or a class is empty */
export function chooseBaseline(images: readonly ScoredImage[]): Baseline | null {
  const abnormal = images.map(({ label }) => label === 'abnormal');
  let best: Baseline | null = null;
  for (const statistic of STATISTIC_NAMES) {
    const column = statisticColumn(images, statistic);
    const area = column && auroc(column, abnormal);
    if (area === null) return null;
    for (const own of [
      { statistic, abnormalHas: 'more', auroc: area },
      { statistic, abnormalHas: 'less', auroc: 1 - area },
    ] as const)
      if (!best || own.auroc > best.auroc) best = own;
  }
  return best;
}

/** The statistic of each image; null where an image has no statistics. */
export function statisticColumn(images: readonly ScoredImage[], name: StatisticName): number[] | null {
  const column = images.flatMap(({ statistics }) => (statistics ? [statistics[name]] : []));
  return column.length === images.length ? column : null;
}
