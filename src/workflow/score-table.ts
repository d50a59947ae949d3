import { csvLine } from '../data/files/csv.ts';
import { textKind } from './common/outputs.ts';
import type { Decision, FileResult } from './score.ts';

/** What `score --csv` and `collect --csv` write. */
export const SCORE_TABLE = textKind('a table of scores', /^file,status,decided_by,threshold,/);

/** The first line of a table of results. */
export function scoreHeader({ scores }: Decision): string {
  return csvLine(['file', 'status', 'decided_by', 'threshold', ...scores, 'reason']);
}

/** The line of a file: its name, what became of it, and every score. */
export function scoreRow(result: FileResult, { by, threshold, scores: names }: Decision): string {
  const unreadable = result.status === 'unreadable';
  const values = names.map((name) => (unreadable ? null : (result.scores[name] ?? null)));
  return csvLine([result.file, result.status, by, threshold, ...values, unreadable ? result.reason : null]);
}
