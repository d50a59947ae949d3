import { type Baseline, statisticColumn } from '../calibration/baseline.ts';
import type { Calibration } from '../calibration/calibration.ts';
import { auroc } from '../metrics/classification.ts';
import { STATISTICS, type StatisticName } from '../scores/image-statistics.ts';
import type { ScoredImage } from '../scores/scored-image.ts';
import type { Evaluation } from './evaluation.ts';

/** How well a statistic that needs no network tells images apart, beside the score that decides. */
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
