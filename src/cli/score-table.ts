import { closeSync, openSync, writeSync } from 'node:fs';
import { csvLine } from '../anomaly/csv.ts';
import { SCORE_INFOS } from '../anomaly/scores.ts';
import { fileError } from '../data/fs-error.ts';

/** Tells of each file as it is done: a line on standard output, and one in a CSV file where that is wanted. */
export class ScoreTable {
  private constructor(
    private readonly csv: { path: string; descriptor: number } | null,
    private readonly by: string,
    private readonly threshold: number,
  ) {}

  /**
   * @param by the score that decides
   * @throws CyclopsError when the CSV file cannot be written
   */
  static open(path: string | undefined, by: string, threshold: number): ScoreTable {
    if (path === undefined) return new ScoreTable(null, by, threshold);
    try {
      const table = new ScoreTable({ path, descriptor: openSync(path, 'w') }, by, threshold);
      table.write(['file', 'status', 'decided_by', 'threshold', ...SCORE_INFOS.map(({ name }) => name), 'reason']);
      return table;
    } catch (error) {
      throw fileError(error, 'write', path);
    }
  }

  add(file: string, value: number, scores: Record<string, number>): void {
    const status = value >= this.threshold ? 'flagged' : 'passed';
    process.stdout.write(`${[file, value, this.threshold, status].join('\t')}\n`);
    const all = SCORE_INFOS.map(({ name }) => String(scores[name]));
    this.write([file, status, this.by, String(this.threshold), ...all, '']);
  }

  /** A file without scores; standard output is left to those that have some. */
  addUnreadable(file: string, reason: string): void {
    this.write([file, 'unreadable', this.by, String(this.threshold), ...SCORE_INFOS.map(() => ''), reason]);
  }

  close(): void {
    if (this.csv) closeSync(this.csv.descriptor);
  }

  private write(fields: readonly string[]): void {
    if (!this.csv) return;
    try {
      writeSync(this.csv.descriptor, csvLine(fields));
    } catch (error) {
      throw fileError(error, 'write', this.csv.path);
    }
  }
}
