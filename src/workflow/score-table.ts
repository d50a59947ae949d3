import { closeSync, openSync, writeSync } from 'node:fs';
import { type CsvField, csvLine } from '../data/files/csv.ts';
import { fileError } from '../data/files/fs-error.ts';

/** Tells of each file as it is done: a line on standard output, and one in a CSV file where that is wanted. */
export class ScoreTable {
  private constructor(
    private readonly csv: { path: string; descriptor: number } | null,
    private readonly names: readonly string[],
    private readonly by: string,
    private readonly threshold: number,
  ) {}

  /**
   * @param names of the scores @param by the one that decides
   * @throws CyclopsError when the CSV file cannot be written
   */
  static open(path: string | undefined, names: readonly string[], by: string, threshold: number): ScoreTable {
    if (path === undefined) return new ScoreTable(null, names, by, threshold);
    try {
      const table = new ScoreTable({ path, descriptor: openSync(path, 'w') }, names, by, threshold);
      table.write(['file', 'status', 'decided_by', 'threshold', ...names, 'reason']);
      return table;
    } catch (error) {
      throw fileError(error, 'write', path);
    }
  }

  add(file: string, value: number, scores: Record<string, number>): void {
    const status = value >= this.threshold ? 'flagged' : 'passed';
    process.stdout.write(`${[file, value, this.threshold, status].join('\t')}\n`);
    const all = this.names.map((name) => scores[name] ?? null);
    this.write([file, status, this.by, this.threshold, ...all, null]);
  }

  /** A file without scores; standard output is left to those that have some. */
  addUnreadable(file: string, reason: string): void {
    this.write([file, 'unreadable', this.by, this.threshold, ...this.names.map(() => null), reason]);
  }

  close(): void {
    if (this.csv) closeSync(this.csv.descriptor);
  }

  private write(fields: readonly CsvField[]): void {
    if (!this.csv) return;
    try {
      writeSync(this.csv.descriptor, csvLine(fields));
    } catch (error) {
      throw fileError(error, 'write', this.csv.path);
    }
  }
}
