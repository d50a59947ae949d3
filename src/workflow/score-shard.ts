import { createHash } from 'node:crypto';
import { scoreName } from '../anomaly/detector/detector-options.ts';
import { hashFile } from '../cyclegan/run/data-record.ts';
import type { ImageRef } from '../data/datasets/dataset.ts';
import { isFolder } from '../data/files/is-folder.ts';
import { callback, checkOptions, flag, JUDGING, path, paths, RUNNING, shardOption } from './common/options.ts';
import { UsageError } from './common/usage-error.ts';
import { VERSION } from './common/versions.ts';
import { onDevice } from './common/with-device.ts';
import {
  type FileResult,
  type PreparedScoring,
  prepareScoring,
  type ScoreOptions,
  type Scoring,
  scoringOf,
} from './score.ts';
import { scoreHeader, scoreRow } from './score-table.ts';
import type { ScoredPiece } from './scored-piece.ts';
import { type Job, joinJob } from './shards/job.ts';
import { isDone, PieceWriter } from './shards/pieces.ts';
import { ownOf, requireShard, type Shard, WHOLE } from './shards/shard.ts';

export interface ScoreShardOptions extends Omit<ScoreOptions, 'watch'> {
  /** The folder in which the shards of the job meet: new, empty, or begun by another shard. */
  out: string;
  /** Which of the images are judged; all of them unless it is given. */
  shard?: Shard | undefined;
}

/** What a shard judges. */
export interface ShardScoring extends Scoring {
  /** The files of all shards. */
  readonly files: Scoring['files'];
  /** How many of them are this shard's own. */
  readonly own: number;
  /** Whether the shard's piece is there already: then there are no results. */
  readonly isDone: boolean;
}

/**
 * Scores a shard's share of images, every score of them, and leaves the rows of the table as a piece in `out`: complete once the last result
 * was taken, or absent. `collect` makes one table of all pieces. A piece that is there is not made again.
 *
 * @throws UsageError for a shard that cannot be, and where the model is not one file
 * @throws CyclopsError as `score`, and when `out` holds something else than this job
 */
export function scoreShard({ out, shard = WHOLE, ...options }: ScoreShardOptions): ShardScoring {
  checkOptions(
    'scoreShard',
    { out, shard, ...options },
    {
      ...{ ...RUNNING, ...JUDGING, images: paths, by: scoreName },
      ...{ allScores: flag, pictures: flag, followLinks: flag, finish: callback },
      ...{ out: path, shard: shardOption },
    },
  );
  requireShard(shard);
  const asked = { ...options, allScores: true };
  const prepared = prepareScoring(asked);
  const job = jobOf(prepared, asked, shard);
  joinJob(out, job);
  const piece = `shard-${shard.number}`;
  const done = isDone(out, job, piece, options.onWarning);
  const own = ownOf(prepared.refs, shard);
  const { decision, range } = scoringOf(prepared, own, asked);
  return {
    ...{ decision, range, own: own.length, isDone: done },
    files: prepared.refs.map(({ file, path }) => ({ file, path })),
    [Symbol.asyncIterator]: () =>
      onDevice(options, async function* (device): AsyncGenerator<FileResult> {
        if (done) return;
        const writer = PieceWriter.open(out, job, piece);
        try {
          const found = { flagged: 0, unreadable: [] as string[], total: 0 };
          for await (const result of scoringOf(prepared, own, { ...asked, device })) {
            writer.add(scoreRow(result, decision));
            found.total += 1;
            if (result.status === 'flagged') found.flagged += 1;
            if (result.status === 'unreadable') found.unreadable.push(result.reason);
            yield result;
          }
          // Fewer where the signal stopped it.
          if (found.total === own.length) {
            const result: ScoredPiece = { header: scoreHeader(decision), ...found, device: device.info.name };
            writer.complete(result);
          }
        } finally {
          writer.abandon();
        }
      }),
  };
}

function jobOf({ model, decision, refs }: PreparedScoring, options: ScoreOptions, { of }: Shard): Job {
  if (isFolder(model.source)) {
    throw new UsageError(
      `${model.source} has no model file, by which shards know that they have the same model. Write it with 'cyclops calibrate ${model.source}'.`,
    );
  }
  const { by, threshold, heatmap } = decision;
  const { tile = null, tune = true, pictures = false } = options;
  return {
    kind: 'score',
    shards: of,
    pieces: Array.from({ length: of }, (_, i) => `shard-${i + 1}`),
    common: {
      version: VERSION,
      ...{
        'model (SHA-256)': hashFile(model.source),
        'number of images': refs.length,
        'list of images (SHA-256)': hashNames(refs),
      },
      ...{ '--by': by, '--threshold': threshold, '--tile': tile, '--no-tune': !tune },
      ...{ '--heatmaps': pictures, '--map': pictures ? (heatmap?.map ?? null) : null },
    },
  };
}

function hashNames(refs: readonly ImageRef[]): string {
  const hash = createHash('sha256');
  for (const { file } of refs) hash.update(`${file}\0`);
  return hash.digest('hex');
}
