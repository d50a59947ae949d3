import type { Evaluation, ScoreReport } from '../anomaly/evaluation.ts';
import { align } from './table.ts';

/** An evaluation as a table for people. */
export function evaluationText(evaluation: Evaluation): string {
  const { counts, chosen, scores, best } = evaluation;
  const header = ['score', 'AUROC', 'best accuracy*', 'ACC_ZFN*', 'accuracy', 'missed', 'false alarms', ''];
  const rows = scores.map((report) => row(report, evaluation));
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} left out` : '';
  const seen =
    counts.seenInTraining > 0
      ? [`${counts.seenInTraining} of these images trained the run: figures that they enter are no test.`]
      : [];
  return [
    `${counts.normal} normal and ${counts.abnormal} abnormal images${skipped}`,
    '',
    ...align([header, ...rows], (column) => column === 0 || column === header.length - 1),
    '',
    `accuracy, missed, false alarms: at the threshold that training chose (${chosen.trainCounts.normal} normal and ` +
      `${chosen.trainCounts.abnormal} abnormal images).`,
    '* oracle: its threshold was chosen on the images reported on.',
    ...(best
      ? [`The highest AUROC on these images, ${best.auroc.toFixed(3)}, is that of ${best.score} (oracle).`]
      : []),
    ...seen,
    '',
  ].join('\n');
}

function row({ info, auroc, bestAccuracy, zfn, trained }: ScoreReport, { chosen }: Evaluation): string[] {
  const marks = [...(info.paper ? ["the paper's"] : []), ...(info.name === chosen.score ? ["training's choice"] : [])];
  return [
    info.name,
    figure(auroc),
    figure(bestAccuracy?.accuracy),
    figure(zfn?.accuracy),
    figure(trained?.accuracy),
    trained ? `${trained.falseNegatives}` : '–',
    trained ? `${trained.falsePositives}` : '–',
    marks.join(', '),
  ];
}

function figure(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : value.toFixed(3);
}
