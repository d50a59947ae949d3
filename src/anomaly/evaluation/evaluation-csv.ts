import { byFile } from '../../data/datasets/dataset.ts';
import { csvLine } from '../../data/files/csv.ts';
import type { Evaluation } from './evaluation.ts';

/**
 * One line for each image: file, label, kind of defect, every score, the score that decides, its threshold, and
 * flag (1 flagged, 0 passed), written as {@link csvLine} does. One that could not be scored has the flag `unreadable`, the reason and no
 * score.
 */
export function evaluationCsv(evaluation: Evaluation): string {
  const names = evaluation.scores.map((score) => score.info.name);
  const header = ['file', 'label', 'type', ...names, 'decided_by', 'threshold', 'flag', 'reason'];
  const { score, threshold } = evaluation.chosen;
  const judged = evaluation.images.map((image) => ({ ...image, flag: image.flagged ? 1 : 0, reason: null }));
  const skipped = evaluation.skipped.map((file) => ({ ...file, scores: null, flag: 'unreadable' }));
  const rows = [...judged, ...skipped]
    .sort(byFile)
    .map(({ file, label, type = null, scores, flag, reason }) => [
      ...[file, label, type],
      ...names.map((name) => scores?.[name] ?? null),
      ...[score, threshold.value, flag, reason],
    ]);
  return [header, ...rows].map(csvLine).join('');
}
