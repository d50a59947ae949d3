import { csvLine } from '../../data/files/csv.ts';
import type { Evaluation } from './evaluation.ts';

/**
 * One line for each image: file, label, kind of defect, every score, the score that decides, its threshold, and
 * flag (1 flagged, 0 passed), written as {@link csvLine} does.
 */
export function evaluationCsv(evaluation: Evaluation): string {
  const names = evaluation.scores.map((score) => score.info.name);
  const header = ['file', 'label', 'type', ...names, 'decided_by', 'threshold', 'flag'];
  const rows = evaluation.images.map((image) => [
    image.file,
    image.label,
    image.type ?? null,
    ...names.map((name) => image.scores[name] ?? null),
    evaluation.chosen.score,
    image.threshold,
    image.flagged ? 1 : 0,
  ]);
  return [header, ...rows].map(csvLine).join('');
}
