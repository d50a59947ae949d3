/** The list of verdicts, as a file. */
import { csvField } from './csv-field.ts';
import { type Entry, stateOf } from './entry.ts';

const COLUMNS = ['file', 'score', 'threshold', 'verdict', 'remarks'];

export function csvOf(entries: readonly Entry[], threshold: number): Blob {
  const lines = entries.map((entry) => {
    const { name, verdict, error } = entry;
    const remarks = error ?? verdict?.unlike.join(' ') ?? '';
    return [csvField(name), verdict?.score ?? '', threshold, stateOf(entry), csvField(remarks)];
  });
  const text = [COLUMNS, ...lines].map((fields) => `${fields.join(',')}\r\n`);
  // Spreadsheets take a file for UTF-8 by its mark alone.
  return new Blob(['\ufeff', ...text], { type: 'text/csv' });
}

export function download(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
