import type { Evaluation } from './evaluation.ts';

/**
 * One line for each image: file, label, kind of defect, every score, the score that decides, its threshold, and
 * flag (1 flagged, 0 passed). Quoted as in RFC 4180, lines end in CRLF; numbers keep all their digits.
 */
export function evaluationCsv(evaluation: Evaluation): string {
  const names = evaluation.scores.map((score) => score.info.name);
  const header = ['file', 'label', 'type', ...names, 'decided_by', 'threshold', 'flag'];
  const rows = evaluation.images.map((image) => [
    image.file,
    image.label ?? '',
    image.type ?? '',
    ...names.map((name) => String(image.scores[name])),
    evaluation.chosen.score,
    String(image.threshold),
    image.flagged ? '1' : '0',
  ]);
  return [header, ...rows].map(csvLine).join('');
}

/** A line of RFC 4180 with its end. */
export function csvLine(fields: readonly string[]): string {
  return `${fields.map(quote).join(',')}\r\n`;
}

function quote(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
