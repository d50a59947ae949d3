import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { writeFileAtomic } from '../data/files/atomic.ts';
import { fileError } from '../data/files/fs-error.ts';
import { CyclopsError } from '../gpu/errors.ts';
import type { Listener } from './common/listener.ts';
import { UsageError } from './common/usage-error.ts';
import { scoredPieceSchema } from './scored-piece.ts';
import type { Job } from './shards/job.ts';
import { linesOf, resultsOf } from './shards/pieces.ts';

export interface CollectedScores {
  kind: 'score';
  /** The table. */
  csv: string;
  flagged: number;
  /** Why files could not be read. */
  unreadable: string[];
  total: number;
}

/**
 * Makes one table of the rows of all shards.
 *
 * @throws UsageError where something else than a table lies in its place @throws CyclopsError when pieces are missing
 */
export function collectScores(out: string, job: Job, csv: string, onWarning: Listener['onWarning']): CollectedScores {
  const pieces = resultsOf(out, job, scoredPieceSchema);
  const [first] = pieces;
  if (!first) throw new CyclopsError(`The job in ${out} has no pieces.`);
  warnOfDevices(
    pieces.map(({ device }) => device),
    onWarning,
  );
  requireTable(csv, first.header);
  writeFileAtomic(csv, tableOf(first.header, out, job));
  return {
    ...{ kind: 'score', csv },
    flagged: pieces.reduce((sum, { flagged }) => sum + flagged, 0),
    unreadable: pieces.flatMap(({ unreadable }) => unreadable),
    total: pieces.reduce((sum, { total }) => sum + total, 0),
  };
}

/** @throws UsageError where something else would be lost than an earlier table, such as an image or the model */
function requireTable(csv: string, header: string): void {
  const begun = existsSync(csv) ? beginOf(csv, 16) : '';
  if (begun === '' || header.startsWith(begun)) return;
  throw new UsageError(
    `--csv ${csv} would overwrite a file that is no table of scores. Give the table another name, such as scores.csv.`,
  );
}

function beginOf(path: string, bytes: number): string {
  try {
    const file = openSync(path, 'r');
    try {
      const buffer = Buffer.alloc(bytes);
      return buffer.toString('latin1', 0, readSync(file, buffer, 0, bytes, 0));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw fileError(error, 'read', path);
  }
}

function* tableOf(header: string, out: string, job: Job): Generator<string | Uint8Array> {
  yield header;
  yield* linesOf(out, job);
}

/** The same seed gives the same bits on one kind of device alone. */
function warnOfDevices(devices: readonly string[], onWarning: Listener['onWarning']): void {
  const kinds = [...new Set(devices)];
  if (kinds.length < 2) return;
  onWarning?.(
    `The shards ran on ${kinds.length} kinds of devices (${kinds.join('; ')}), so that figures may differ in their last digits from those of one.`,
  );
}
