import { CALIBRATION_SOURCES } from '../../anomaly/calibration/calibration.ts';
/** A line on what is reached without a network, and a warning where the networks do not reach more. */
import type { BaselineReport } from '../../anomaly/evaluation/baseline-report.ts';
export function baselineLines(report: BaselineReport | null, score: string): string[] {
  if (!report) return [];
  const { label, abnormalHas, chosenOn, auroc, scoreAuroc, beaten, oracle } = report;
  const area = auroc === null ? 'unknown' : auroc.toFixed(3);
  return [
    `simplest statistic (${label}, ${abnormalHas} where abnormal; chosen on ${CALIBRATION_SOURCES[chosenOn].images}): AUROC ${area}${oracle ? ' (oracle)' : ''}.`,
    ...(beaten === false
      ? [
          `Warning: ${score}, with AUROC ${scoreAuroc?.toFixed(3)}, does not beat it. Train longer or otherwise, or do without networks.`,
        ]
      : []),
  ];
}
