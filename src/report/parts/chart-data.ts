import type { ScoreReport } from '../../anomaly/evaluation/evaluation.ts';
import type { Histogram } from '../../anomaly/metrics/classification.ts';
import { formatArea, formatPercent, formatScore } from './format.ts';
import { type Html, trusted } from './html.ts';
import type { LossCurve } from './loss-curves.ts';
import type { Report } from './report.ts';

/** What the charts of one score show; the points of both curves belong to the same thresholds. */
export interface ScoreCharts {
  label: string;
  /** The calibrated one. */
  threshold: number | null;
  histogram: Histogram | null;
  curves: {
    falsePositiveRate: number[];
    recall: number[];
    precision: number[];
    threshold: (number | null)[];
  } | null;
  /** Where the calibrated threshold works; precision is null where it flags nothing. */
  operatingPoint: { falsePositiveRate: number; recall: number; precision: number | null } | null;
  /** The charts in words, for those who do not see them. */
  described: { histogram: string; roc: string; 'precision-recall': string };
}

/** What the page hands to the script that draws. */
export interface ChartData {
  /** By name. */
  scores: Record<string, ScoreCharts>;
  losses: readonly LossCurve[];
}

/** No chart shows more digits. */
const DIGITS = 6;
const ID = 'chart-data';

/** The data of all charts as an element that holds JSON and no script. */
export function chartData(report: Report): Html {
  const data: ChartData = {
    scores: Object.fromEntries(report.evaluation.scores.map((score) => [score.info.name, scoreCharts(score, report)])),
    losses: report.training.losses,
  };
  const short = (_: string, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(DIGITS)) : value);
  // No text of the data can end the element.
  const json = JSON.stringify(data, short).replaceAll('<', '\\u003c');
  return trusted(`<script type="application/json" id="${ID}">${json}</script>`);
}

function scoreCharts(score: ScoreReport, { assessment }: Report): ScoreCharts {
  const { info, roc, histogram, calibrated } = score;
  const precisionRecall = assessment.scores[info.name]?.precisionRecall;
  return {
    label: info.label,
    threshold: calibrated?.threshold.value ?? null,
    histogram,
    curves:
      roc && precisionRecall
        ? {
            falsePositiveRate: roc.map((point) => point.falsePositiveRate),
            recall: roc.map((point) => point.truePositiveRate),
            precision: precisionRecall.map((point) => point.precision),
            threshold: roc.map((point) => point.threshold),
          }
        : null,
    operatingPoint: workingPoint(score),
    described: describe(score, assessment.scores[info.name]?.averagePrecision.value ?? null),
  };
}

function workingPoint({ calibrated }: ScoreReport): ScoreCharts['operatingPoint'] {
  if (!calibrated || calibrated.sensitivity === null || calibrated.specificity === null) return null;
  const { truePositives, falsePositives, sensitivity, specificity } = calibrated;
  const flagged = truePositives + falsePositives;
  return {
    falsePositiveRate: 1 - specificity,
    recall: sensitivity,
    precision: flagged > 0 ? truePositives / flagged : null,
  };
}

function describe({ info, auroc, calibrated }: ScoreReport, precision: number | null): ScoreCharts['described'] {
  const threshold = calibrated?.threshold.value ?? null;
  const at =
    calibrated === null
      ? '.'
      : `; at the calibrated threshold ${formatScore(threshold)}, ${formatPercent(calibrated.sensitivity)} of the abnormal images are ` +
        `flagged and ${formatPercent(calibrated.specificity)} of the normal ones passed.`;
  return {
    histogram: `Histogram of ${info.label} by class${threshold === null ? '.' : `; flagged from ${formatScore(threshold)}.`}`,
    roc: `ROC curve of ${info.label}: area ${formatArea(auroc)}${at}`,
    'precision-recall': `Precision–recall curve of ${info.label}: average precision ${formatArea(precision)}${at}`,
  };
}
