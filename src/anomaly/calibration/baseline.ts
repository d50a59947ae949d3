import type { Evaluation } from '../evaluation/evaluation.ts';
import { auroc } from '../metrics/classification.ts';
import { STATISTIC_NAMES, STATISTICS, type StatisticName } from './image-statistics.ts';
import type { Calibration, ScoredImage } from './thresholds.ts';

/** The statistic that tells images apart best without a network. */
export interface Baseline {
  statistic: StatisticName;
  /** Which way round: whether abnormal images have more of it, or less. */
  abnormalHas: 'more' | 'less';
  /** On the images that chose it. */
  auroc: number;
}

/** What the simplest statistic reaches on images, beside the score that decides. */
export interface BaselineReport {
  statistic: StatisticName;
  label: string;
  abnormalHas: Baseline['abnormalHas'];
  chosenOn: Calibration['chosenOn'];
  calibrationAuroc: number;
  /** On these images; null when a class is empty. */
  auroc: number | null;
  /** That of the score that decides. */
  scoreAuroc: number | null;
  /** Whether the score is better; null where either is unknown. */
  beaten: boolean | null;
  /** True if any of these images trained or calibrated the model. */
  oracle: boolean;
}

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

/** @returns null for a model that was calibrated before there was a baseline */
export function reportBaseline(
  images: readonly ScoredImage[],
  { baseline, chosenOn }: Calibration,
  { scores, chosen }: Evaluation,
): BaselineReport | null {
  if (!baseline) return null;
  const { statistic, abnormalHas } = baseline;
  const labelled = images.filter(({ label }) => label !== null);
  const column = statisticColumn(labelled, statistic);
  const sign = abnormalHas === 'more' ? 1 : -1;
  const abnormal = labelled.map(({ label }) => label === 'abnormal');
  const area =
    column &&
    auroc(
      column.map((value) => sign * value),
      abnormal,
    );
  const scoreAuroc = scores.find(({ info }) => info.name === chosen.score)?.auroc ?? null;
  return {
    ...{ statistic, label: STATISTICS[statistic], abnormalHas, chosenOn, calibrationAuroc: baseline.auroc },
    ...{ auroc: area, scoreAuroc },
    beaten: area === null || scoreAuroc === null ? null : scoreAuroc > area,
    oracle: labelled.some(({ seenInTraining }) => seenInTraining),
  };
}

function statisticColumn(images: readonly ScoredImage[], name: StatisticName): number[] | null {
  const column = images.flatMap(({ statistics }) => (statistics ? [statistics[name]] : []));
  return column.length === images.length ? column : null;
}
