import { closeSync, fstatSync, ftruncateSync, openSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { writeFileAtomic } from '../data/files/atomic.ts';
import { fileError } from '../data/files/fs-error.ts';
import { whileLocked } from '../data/files/lock.ts';
import { realPlace } from '../data/files/real-place.ts';
import { visible } from '../report/parts/visible.ts';
import { requireOutput } from '../workflow/common/outputs.ts';
import type { Decision, FileResult } from '../workflow/score.ts';
import { SCORE_TABLE, scoreHeader, scoreRow } from '../workflow/score-table.ts';

/** Digits that a person reads; whoever reads from a file or a pipe gets all. */
const DIGITS = 6;

interface ScoreOutputOptions {
  /** File for a row of each image. */
  csv: string | undefined;
  /** A JSON object a line on standard output instead of columns. */
  json: boolean;
  /** Is told of a table that a killed process held. */
  onWarning?: ((warning: string) => void) | undefined;
}

/**
 * Tells of each file as it is done: a line on standard output, and a row of a CSV file where that is wanted. That file is opened for the
 * first row, so that the table of before stays as long as there is nothing to put in its place. One process at a time writes it.
 */
export class ScoreOutput {
  private readonly forPeople = process.stdout.isTTY === true;
  private readonly csv: { path: string; descriptor: number | null } | null;

  /** @throws UsageError where the table would overwrite something else @throws CyclopsError where it cannot be written */
  constructor(
    private readonly decision: Decision,
    private readonly options: ScoreOutputOptions,
  ) {
    const { csv: path, json } = options;
    this.csv = path === undefined ? null : { path, descriptor: null };
    if (path !== undefined) requireOutput('--csv', path, SCORE_TABLE);
    if (this.forPeople && !json) print(['file', decision.by, 'threshold', 'status'].join('\t'));
  }

  add(result: FileResult): void {
    if (this.options.json) print(visible(JSON.stringify(this.document(result))));
    else print(this.columns(result).join('\t'));
    this.row(scoreRow(result, this.decision));
  }

  /**
   * Does the work that adds the files, while the table is this process's own; at its end a table without a row has its header.
   *
   * @throws CyclopsError naming the process that writes the table
   */
  async during(work: () => Promise<void>): Promise<void> {
    const { csv } = this;
    if (!csv) return await work();
    const place = realPlace(csv.path);
    const path = join(dirname(place), `.${basename(place)}.lock`);
    await whileLocked({ path, what: `The table ${csv.path}`, onStale: this.options.onWarning }, async () => {
      try {
        await work();
        this.row('');
      } finally {
        if (csv.descriptor !== null) closeSync(csv.descriptor);
      }
    });
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
    const { csv } = this;
    if (!csv) return;
    try {
      if (csv.descriptor !== null) return void append(csv.descriptor, line);
      // The first row takes the place of an old table whole, or not at all.
      writeFileAtomic(csv.path, `${scoreHeader(this.decision)}${line}`);
      csv.descriptor = openSync(csv.path, 'a');
    } catch (error) {
      throw fileError(error, 'write', csv.path);
    }
  }
}

/** Adds a line whole, or not at all, as on a disk that is full. */
function append(descriptor: number, line: string): void {
  const { size } = fstatSync(descriptor);
  try {
    writeFileSync(descriptor, line);
  } catch (error) {
    ftruncateSync(descriptor, size);
    throw error;
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
