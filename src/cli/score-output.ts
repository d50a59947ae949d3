import { closeSync, openSync, writeSync } from 'node:fs';
import { fileError } from '../data/files/fs-error.ts';
import type { Decision, FileResult } from '../workflow/score.ts';
import { scoreHeader, scoreRow } from '../workflow/score-table.ts';
import { visible } from './text/visible.ts';

/** Digits that a person reads; whoever reads from a file or a pipe gets all. */
const DIGITS = 6;

interface ScoreOutputOptions {
  /** File for a row of each image. */
  csv: string | undefined;
  /** A JSON object a line on standard output instead of columns. */
  json: boolean;
}

/** Tells of each file as it is done: a line on standard output, and a row of a CSV file where that is wanted. */
export class ScoreOutput {
  private readonly forPeople = process.stdout.isTTY === true;

  private constructor(
    private readonly decision: Decision,
    private readonly json: boolean,
    private readonly csv: { path: string; descriptor: number } | null,
  ) {}

  /** @throws CyclopsError when the CSV file cannot be written */
  static open(decision: Decision, { csv: path, json }: ScoreOutputOptions): ScoreOutput {
    try {
      const csv = path === undefined ? null : { path, descriptor: openSync(path, 'w') };
      const output = new ScoreOutput(decision, json, csv);
      output.row(scoreHeader(decision));
      if (output.forPeople && !json) print(['file', decision.by, 'threshold', 'status'].join('\t'));
      return output;
    } catch (error) {
      throw fileError(error, 'write', path ?? 'standard output');
    }
  }

  add(result: FileResult): void {
    if (this.json) print(visible(JSON.stringify(this.document(result))));
    else print(this.columns(result).join('\t'));
    this.row(scoreRow(result, this.decision));
  }

  close(): void {
    if (this.csv) closeSync(this.csv.descriptor);
  }

  private columns(result: FileResult): string[] {
    const { file, status } = result;
    if (status === 'unreadable') return [visible(file), '', '', status];
    const shown = (value: number) => (this.forPeople ? Number(value.toPrecision(DIGITS)) : value);
    return [visible(file), `${shown(result.score)}`, `${shown(this.decision.threshold)}`, status];
  }

  private document(result: FileResult): object {
    const { file, status } = result;
    if (status === 'unreadable') return { file, status, reason: result.reason };
    const { by, threshold } = this.decision;
    return { file, status, decidedBy: by, score: result.score, threshold, scores: result.scores };
  }

  private row(line: string): void {
    if (!this.csv) return;
    try {
      writeSync(this.csv.descriptor, line);
    } catch (error) {
      throw fileError(error, 'write', this.csv.path);
    }
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
