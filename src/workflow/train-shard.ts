import { existsSync } from 'node:fs';
import { runFolder } from '../cyclegan/run/run-folder.ts';
import { despiteLosses } from './common/despite-losses.ts';
import { checkOptions, DATA, DIVISION, RUNNING, shardOption, TRAINING } from './common/options.ts';
import { UsageError } from './common/usage-error.ts';
import { withDevice } from './common/with-device.ts';
import { beginFolds, foldPieces, foldsOf, makeFoldPieces, requireSameImages } from './runs/cross-calibration.ts';
import { trainingWork } from './runs/training-work.ts';
import { commonOfTraining } from './shards/common.ts';
import { type Job, joinJob } from './shards/job.ts';
import { makeShard } from './shards/pieces.ts';
import { requireShard, type Shard, type ShardDone } from './shards/shard.ts';
import { newTraining, requireNoFold, type TrainOptions } from './train.ts';

export interface TrainShardOptions extends Omit<TrainOptions, 'resume' | 'from'> {
  /** Which of the trainings are made: those of the folds, and that on all training images. */
  shard: Shard;
}

/**
 * Makes a shard's share of a training with `folds`: each fold's networks and what they score, and the networks that are trained on all,
 * are pieces of it, in the run folder `out`. `collect` calibrates the run when all are there, with the same bits as `train`. What is there
 * is not made again; what was cut off goes on from its last checkpoint.
 *
 * @throws UsageError for options that cannot be or do not fit together @throws CyclopsError as `train`, and when `out` holds another job
 */
export async function trainShard({ shard, ...options }: TrainShardOptions): Promise<ShardDone> {
  checkOptions(
    'trainShard',
    { shard, ...options },
    { ...RUNNING, ...DATA, ...DIVISION, ...TRAINING, shard: shardOption },
  );
  requireShard(shard);
  const { out, folds } = options;
  requireNoFold(out);
  if (folds === undefined) {
    throw new UsageError(
      '--shard divides the trainings of --folds or of --protocol paper. Add one of them, or leave --shard out.',
    );
  }
  const { config, dataset } = await newTraining(options);
  const begun = foldsOf(dataset, folds, config);
  const common = { '--folds': folds, ...commonOfTraining(config, dataset, options) };
  const job: Job = { kind: 'folds', shards: shard.of, pieces: foldPieces(folds), common };
  joinJob(out, job);
  const run = runFolder(out);
  if (!existsSync(run.foldScores)) beginFolds(run, dataset, begun);
  requireSameImages(run, dataset, begun.hash);
  const training = { ...trainingWork(options), config, dataset, run };
  return await makeShard(options, job, shard, (names) =>
    withDevice(options, (device) =>
      despiteLosses(device, options, 'The training goes on from its last checkpoint.', (used) =>
        makeFoldPieces(used, training, { job, names }),
      ),
    ),
  );
}
