import { closeSync, existsSync, fsyncSync, openSync, writeSync } from 'node:fs';
import * as v from 'valibot';
import { writeFileAtomic } from '../../data/files/atomic.ts';
import { fileError } from '../../data/files/fs-error.ts';
import { examine } from '../../data/files/json.ts';
import { readText } from '../../data/files/read.ts';
import { finite, object, whole } from '../../data/files/schema.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { LOSS_NAMES } from '../losses.ts';

const recordSchema = object({
  /** Counted from 1. */
  step: whole(1),
  /** Counted from 1. */
  epoch: whole(1),
  lr: finite(0),
  ...v.entriesFromList(LOSS_NAMES, finite()),
  paired: v.exactOptional(finite()),
});

/** One line of `metrics.jsonl`: the losses of one step. Nothing in it depends on the clock. */
type MetricsRecord = v.InferOutput<typeof recordSchema>;

/** What a `metrics.jsonl` holds, and which of its lines, counted from 1, hold no losses. */
interface Metrics {
  records: MetricsRecord[];
  damaged: number[];
}

/** `metrics.jsonl`, one line for every step, in order and without gaps also after a resume. */
export class MetricsLog {
  /** Says of which steps up to the last there is no line; null where each has one. */
  readonly gap: string | null;
  private readonly handle: number;

  /**
   * @param lastStep the step from which training continues: later lines, left by a killed process, are dropped
   * @throws CyclopsError when the file cannot be written, or the line of an earlier step is damaged
   */
  constructor(
    private readonly path: string,
    lastStep: number,
  ) {
    const { records, damaged } = readMetrics(path);
    // Each step has a line, so later lines, which go anyway, may be damaged.
    const lost = damaged.filter((number) => number <= lastStep);
    if (lost.length > 0) {
      throw new CyclopsError(
        `${damageText(path, lost)} Restore the file, or delete these lines to go on without them.`,
      );
    }
    this.gap = gapText(path, records, lastStep);
    writeFileAtomic(
      path,
      records
        .filter(({ step }) => step <= lastStep)
        .map(line)
        .join(''),
    );
    this.handle = this.guarded(() => openSync(path, 'a'));
  }

  append(records: readonly MetricsRecord[]): void {
    this.guarded(() => writeSync(this.handle, records.map(line).join('')));
  }

  /** Returns when everything appended so far is on the disk. */
  sync(): void {
    this.guarded(() => fsyncSync(this.handle));
  }

  close(): void {
    closeSync(this.handle);
  }

  private guarded<T>(operation: () => T): T {
    try {
      return operation();
    } catch (error) {
      throw fileError(error, 'write', this.path);
    }
  }
}

function line(record: MetricsRecord): string {
  return `${JSON.stringify(record)}\n`;
}

/** Reads a log; an absent one holds nothing. A last line that a kill cut short is left out. @throws CyclopsError when it cannot be read */
export function readMetrics(path: string): Metrics {
  const metrics: Metrics = { records: [], damaged: [] };
  const lines = existsSync(path) ? readText(path).split('\n') : [];
  for (const [i, text] of lines.entries()) {
    const record = recordIn(text);
    if (record) metrics.records.push(record);
    else if (i < lines.length - 1) metrics.damaged.push(i + 1);
  }
  return metrics;
}

/** Says which lines of a log are damaged: some by number, and how many more there are. */
export function damageText(path: string, lines: readonly number[]): string {
  const shown = lines.slice(0, 5).join(', ');
  const more = lines.length > 5 ? ` and ${lines.length - 5} more` : '';
  return `${path} is damaged: each line should hold the losses of a step, but line ${shown}${more} does not.`;
}

/** How many gaps are named. */
const SHOWN_GAPS = 5;

/** Says of which steps up to `last` a log has no line, as after it was edited or cut by something else; null where each has one. */
export function gapText(path: string, records: readonly MetricsRecord[], last: number): string | null {
  const logged = [0, ...new Set(records.map(({ step }) => step)), last + 1].filter((step) => step <= last + 1);
  const gaps = logged
    .sort((a, b) => a - b)
    .flatMap((step, i) => {
      const [from, to] = [(logged[i - 1] ?? step) + 1, step - 1];
      return from <= to ? [{ from, to }] : [];
    });
  if (gaps.length === 0) return null;
  const missing = gaps.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  const shown = gaps.slice(0, SHOWN_GAPS).map(({ from, to }) => (from === to ? `${from}` : `${from} to ${to}`));
  const more = gaps.length > SHOWN_GAPS ? ` and ${gaps.length - SHOWN_GAPS} gaps more` : '';
  return `${path} has no line for ${missing} of ${last} steps: ${shown.join(', ')}${more}. Something has cut it; the weights do not depend on it.`;
}

function recordIn(text: string): MetricsRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return examine(value, recordSchema).output;
}
