import { writeFileAtomic } from '../data/files/atomic.ts';
import { CyclopsError } from '../gpu/errors.ts';
import type { Listener } from './common/listener.ts';
import { requireOutput } from './common/outputs.ts';
import { SCORE_TABLE } from './score-table.ts';
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
  requireOutput('--csv', csv, SCORE_TABLE);
  const pieces = resultsOf(out, job, scoredPieceSchema);
  const [first] = pieces;
  if (!first) throw new CyclopsError(`The job in ${out} has no pieces.`);
  warnOfDevices(
    pieces.map(({ device }) => device),
    onWarning,
  );
  writeFileAtomic(csv, tableOf(first.header, out, job));
  return {
    ...{ kind: 'score', csv },
    flagged: pieces.reduce((sum, { flagged }) => sum + flagged, 0),
    unreadable: pieces.flatMap(({ unreadable }) => unreadable),
    total: pieces.reduce((sum, { total }) => sum + total, 0),
  };
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
