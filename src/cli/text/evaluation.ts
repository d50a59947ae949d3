import { CALIBRATION_SOURCES } from '../../anomaly/calibration/calibration.ts';
import type { Evaluation, ScoreReport } from '../../anomaly/evaluation/evaluation.ts';
import { align } from './table.ts';

/** An evaluation as a table for people. */
export function evaluationText(evaluation: Evaluation): string {
  const { counts, chosen, scores, best } = evaluation;
  const header = ['score', 'AUROC', 'accuracy', 'missed', 'false alarms', 'ACC_ZFN*', 'best accuracy*', ''];
  const { caveat } = CALIBRATION_SOURCES[chosen.chosenOn];
  const rows = scores.map((report) => row(report, evaluation));
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} left out` : '';
  const seen =
    counts.seenInTraining > 0
      ? [
          `${counts.seenInTraining} of these images trained or calibrated the model: figures that include them are no test.`,
        ]
      : [];
  return [
    `${counts.normal} normal and ${counts.abnormal} abnormal images${skipped}`,
    '',
    ...align([header, ...rows], (column) => column === 0 || column === header.length - 1),
    '',
    `accuracy, missed, false alarms: at the threshold ${origin(chosen)}.`,
    ...(caveat ? [caveat] : []),
    '* oracle: its threshold was chosen on the images reported on.',
    ...(best
      ? [`The highest AUROC on these images, ${best.auroc.toFixed(3)}, is that of ${best.score} (oracle).`]
      : []),
    ...seen,
    '',
  ].join('\n');
}

function row({ info, auroc, bestAccuracy, zfn, calibrated }: ScoreReport, { chosen }: Evaluation): string[] {
  const marks = [...(info.paper ? ["the paper's"] : []), ...(info.name === chosen.score ? ['decides'] : [])];
  return [
    info.name,
    figure(auroc),
    figure(calibrated?.accuracy),
    calibrated ? `${calibrated.falseNegatives}` : '–',
    calibrated ? `${calibrated.falsePositives}` : '–',
    figure(zfn?.accuracy),
    figure(bestAccuracy?.accuracy),
    marks.join(', '),
  ];
}

/** Who chose the thresholds; that of the score that decides may be the user's. */
function origin({ chosenOn, counts, threshold, score }: Evaluation['chosen']): string {
  const given = threshold.rule === 'given' ? `${threshold.value} given for ${score}, else the one ` : '';
  const rule = threshold.rule === 'given' ? '' : `, by the rule ${threshold.rule}`;
  return `${given}chosen on ${CALIBRATION_SOURCES[chosenOn].images} (${counts.normal} normal and ${counts.abnormal} abnormal images${rule})`;
}

function figure(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : value.toFixed(3);
}
