import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { writeFileAtomic } from '../../data/files/atomic.ts';
import { fileError } from '../../data/files/fs-error.ts';
import { LOSS_NAMES, type Losses } from '../losses.ts';

/** One line of `metrics.jsonl`: the losses of one step. Nothing in it depends on the clock. */
export interface MetricsRecord extends Losses {
  /** Counted from 1. */
  step: number;
  /** Counted from 1. */
  epoch: number;
  lr: number;
}

/** `metrics.jsonl`, one line for every step, in order and without gaps also after a resume. */
export class MetricsLog {
  private readonly handle: number;

  /**
   * @param lastStep the step from which training continues: later lines, left by a killed process, are dropped
   * @throws CyclopsError when the file cannot be written
   */
  constructor(
    private readonly path: string,
    lastStep: number,
  ) {
    const kept = readMetrics(path).filter(({ step }) => step <= lastStep);
    writeFileAtomic(path, kept.map(line).join(''));
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

/** The lines of a `metrics.jsonl`; none when the file is absent. A line that a kill cut short is left out. */
export function readMetrics(path: string): MetricsRecord[] {
  if (!existsSync(path)) return [];
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw fileError(error, 'read', path);
  }
  return text.split('\n').flatMap((line) => {
    try {
      const record: unknown = JSON.parse(line);
      return isRecord(record) ? [record] : [];
    } catch {
      return [];
    }
  });
}

function isRecord(value: unknown): value is MetricsRecord {
  if (typeof value !== 'object' || value === null) return false;
  const entries = new Map<string, unknown>(Object.entries(value));
  return ['step', 'epoch', 'lr', ...LOSS_NAMES].every((name) => typeof entries.get(name) === 'number');
}
