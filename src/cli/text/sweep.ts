import { visible } from '../../report/parts/visible.ts';
import type { SweepSummary, SweepTable } from '../../workflow/sweep.ts';
import { align } from './table.ts';

/** What variants came to on each set, as a table for people. */
export function sweepText({ summary, rows }: SweepTable): string {
  const seeds = new Set(rows.map(({ seed }) => seed)).size;
  const show = ({ mean, sd }: SweepSummary['auroc']) =>
    sd === null ? mean.toFixed(3) : `${mean.toFixed(3)} ± ${sd.toFixed(3)}`;
  const cells = summary.map(({ variant, set, auroc, missed, abnormal, falseAlarms, normal, aupro }) => [
    ...[
      visible(variant),
      visible(set),
      show(auroc),
      `${missed} of ${abnormal}`,
      `${falseAlarms} of ${normal}`,
      aupro ? show(aupro) : '–',
    ],
  ]);
  const header = ['options', 'set', 'AUROC', 'missed', 'false alarms', 'AUPRO'];
  return [
    `${rows.length} trainings${seeds > 1 ? `, ${seeds} seeds; mean ± standard deviation, and sums` : ''}. By the score that calibration chose, on test images.`,
    '',
    ...align([header, ...cells], (column) => column < 2),
    '',
  ].join('\n');
}
