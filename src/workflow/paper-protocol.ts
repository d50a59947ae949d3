import { join } from 'node:path';
import * as v from 'valibot';
import type { Evaluation } from '../anomaly/evaluation/evaluation.ts';
import { meanAndDeviation } from '../anomaly/metrics/mean-and-deviation.ts';
import type { TrainingConfig } from '../cyclegan/config.ts';
import { createRun, hasCheckpoint, inRun, type RunFolder, runFolder } from '../cyclegan/run/run-folder.ts';
import type { Dataset } from '../data/datasets/dataset.ts';
import { splitDataset } from '../data/datasets/split.ts';
import { writeFileAtomic } from '../data/files/atomic.ts';
import { byName, finite, object, seed, whole, yesOrNo } from '../data/files/schema.ts';
import type { Device } from '../gpu/device.ts';
import { despiteLosses } from './common/despite-losses.ts';
import { openModel } from './common/model.ts';
import { checkOptions, DATA, number, RUNNING, shardOption, TRAINING } from './common/options.ts';
import { requireFree, textKind } from './common/outputs.ts';
import { UsageError } from './common/usage-error.ts';
import { withDevice } from './common/with-device.ts';
import { openData } from './images/open-data.ts';
import { trainingRange } from './images/training-range.ts';
import type { DivisionOptions } from './runs/division.ts';
import { evaluateRun } from './runs/evaluate-run.ts';
import { trainRun } from './runs/train-run.ts';
import { configOf } from './runs/training-config.ts';
import { type TrainingWork, trainingWork } from './runs/training-work.ts';
import { commonOfTraining } from './shards/common.ts';
import { type Job, joinJob } from './shards/job.ts';
import { makeShard, resultsOf, writePiece } from './shards/pieces.ts';
import { requireShard, type Shard, type ShardDone, WHOLE } from './shards/shard.ts';
import type { TrainOptions } from './train.ts';

/** A figure of several runs: mean and standard deviation (of a sample; null for one run), and each run's own. */
export interface MeanAndDeviation {
  mean: number;
  sd: number | null;
  values: number[];
  /** True where each run chose its threshold on the images that the figure is about. */
  oracle: boolean;
}

export interface PaperFigures {
  protocol: 'paper';
  seeds: number[];
  /** Of each class, in each run. */
  testImages: { normal: number; abnormal: number };
  /** By score: the accuracy at the best threshold, that without a miss, and the area under the ROC curve. */
  scores: Record<
    string,
    { paper: boolean; accuracy: MeanAndDeviation; accZfn: MeanAndDeviation; auroc: MeanAndDeviation }
  >;
}

export interface PaperProtocolOptions extends Omit<TrainOptions, keyof DivisionOptions | 'resume' | 'from'> {
  /** How many runs, with seeds that follow one another; 1 unless told otherwise. Each gets a folder in `out`, named by its seed. */
  runs?: number | undefined;
}

export interface ProtocolShardOptions extends PaperProtocolOptions {
  /** Which of the runs are made. */
  shard: Shard;
}

/**
 * The protocol of the paper's public code: for each seed a balanced split of all images, whatever parts or groups they
 * have, a training without validation, and figures whose thresholds are chosen on the test images, so that all of them are oracles.
 *
 * Its runs are the pieces of a job of one shard, so that one that was stopped goes on where it was cut off.
 *
 * @returns null when the signal stopped it
 * @throws UsageError for options that cannot be @throws CyclopsError as `train`, and when `out` holds another job
 */
export async function paperProtocol(options: PaperProtocolOptions): Promise<PaperFigures | null> {
  checkOptions('paperProtocol', options, PROTOCOL);
  requireFree('--out', figuresPath(options.out), FIGURES);
  const { job, done } = await makeRuns(options, WHOLE);
  return done.isWhole ? collectProtocol(options.out, job) : null;
}

/**
 * Makes a shard's share of the protocol: each run and its figures are a piece of it, in `out`. `collect` makes `protocol.json` when all are
 * there. What is there is not made again; what was cut off goes on from its last checkpoint.
 *
 * @throws UsageError for options that cannot be @throws CyclopsError as `train`, and when `out` holds another job
 */
export async function protocolShard({ shard, ...options }: ProtocolShardOptions): Promise<ShardDone> {
  checkOptions('protocolShard', { shard, ...options }, { ...PROTOCOL, shard: shardOption });
  requireShard(shard);
  return (await makeRuns(options, shard)).done;
}

/** Makes the runs of a shard. */
async function makeRuns(options: PaperProtocolOptions, shard: Shard): Promise<{ job: Job; done: ShardDone }> {
  const { out, runs = 1 } = options;
  const protocol = openProtocol(options);
  const { seeds, config, dataset } = protocol;
  const pieceOf = (seed: number) => `seed-${seed}`;
  const common = { '--runs': runs, ...commonOfTraining(config, dataset, options) };
  const job: Job = { kind: 'protocol', shards: shard.of, pieces: seeds.map(pieceOf), common };
  joinJob(out, job);
  const done = await makeShard(options, job, shard, (names) =>
    withDevice(options, async (device) => {
      for (const seed of seeds.filter((one) => names.includes(pieceOf(one)))) {
        const run = runFolder(join(out, pieceOf(seed)));
        const figures = await inRun(run, options.onWarning, () => {
          const resume = hasCheckpoint(run);
          if (!resume) createRun(run.root);
          return runSeed(device, protocol, { seed, run, resume });
        });
        if (!figures) return false;
        writePiece(out, job, pieceOf(seed), figures);
      }
      return true;
    }),
  );
  return { job, done };
}

/** Makes `protocol.json` of the pieces of all shards. @throws CyclopsError when some are missing */
export function collectProtocol(out: string, job: Job): PaperFigures {
  return writeFigures(out, resultsOf(out, job, runFiguresSchema));
}

const PROTOCOL = { ...RUNNING, ...DATA, ...TRAINING, runs: number };

/** What every run of a protocol has in common. */
interface Protocol {
  options: PaperProtocolOptions;
  config: TrainingConfig;
  dataset: Dataset;
  seeds: number[];
  work: TrainingWork;
}

function openProtocol(options: PaperProtocolOptions): Protocol {
  const { runs = 1 } = options;
  if (!Number.isInteger(runs) || runs < 1) {
    throw new UsageError(`--runs is ${runs}; expected a whole number from 1, such as 5.`);
  }
  const config = configOf(options);
  const seeds = Array.from({ length: runs }, (_, i) => config.seed + i);
  return { options, config, dataset: pooled(openData(options)), seeds, work: trainingWork(options) };
}

/** Trains and judges one run. @returns null when the signal stopped it */
async function runSeed(
  device: Device,
  { options, config, dataset, seeds, work }: Protocol,
  { seed, run, resume }: { seed: number; run: RunFolder; resume: boolean },
): Promise<RunFigures | null> {
  const number = seeds.indexOf(seed) + 1;
  options.onProgress?.({ stage: 'run', what: 'run', number, total: seeds.length, folder: run.root });
  const split = splitDataset(dataset, seed);
  const range = options.config?.range ?? (await trainingRange(split, options.onWarning));
  const training = { ...work, run, config: { ...config, seed, range }, dataset: split };
  return await despiteLosses(device, options, 'The training goes on from its last checkpoint.', async (used) => {
    if (!(await trainRun(used, { ...training, resume: resume || hasCheckpoint(run) }))) return null;
    const model = openModel(run.root);
    const evaluated = await evaluateRun(used, { ...work, model, dataset: split, pictures: 0 });
    return evaluated && figuresOf(seed, evaluated.evaluation);
  });
}

/** All images, without what is known of parts, objects and defects: the paper's code has labels alone. */
function pooled(dataset: Dataset): Dataset {
  return { ...dataset, images: dataset.images.map(({ path, file, label }) => ({ path, file, label })) };
}

/** What a run tells the protocol; a figure is null where the test images lack a class. */
export interface RunFigures {
  seed: number;
  testImages: { normal: number; abnormal: number };
  /** By score. */
  scores: Record<string, { paper: boolean; accuracy: number | null; accZfn: number | null; auroc: number | null }>;
}

const figure = v.nullable(finite(0, 1));

const runFiguresSchema = object({
  seed,
  testImages: object({ normal: whole(), abnormal: whole() }),
  scores: byName(object({ paper: yesOrNo, accuracy: figure, accZfn: figure, auroc: figure })),
}) satisfies v.GenericSchema<unknown, RunFigures>;

export function figuresOf(seed: number, { counts: { normal, abnormal }, scores }: Evaluation): RunFigures {
  return {
    seed,
    testImages: { normal, abnormal },
    scores: Object.fromEntries(
      scores.map(({ info: { name, paper }, bestAccuracy, zfn, auroc }) => [
        name,
        { paper, accuracy: bestAccuracy?.accuracy ?? null, accZfn: zfn?.accuracy ?? null, auroc },
      ]),
    ),
  };
}

const figuresPath = (out: string) => join(out, 'protocol.json');
const FIGURES = textKind('the figures of a protocol', /^\{\s*"protocol": "paper"/);

function writeFigures(out: string, runs: readonly RunFigures[]): PaperFigures {
  const figures = summarisePaper(runs);
  writeFileAtomic(figuresPath(out), `${JSON.stringify(figures, null, 2)}\n`);
  return figures;
}

/** @param runs one for each seed, each with test images of both classes */
export function summarisePaper(runs: readonly RunFigures[]): PaperFigures {
  const [first] = runs;
  if (!first) throw new RangeError('A protocol needs at least one run.');
  return {
    protocol: 'paper',
    seeds: runs.map(({ seed }) => seed),
    testImages: first.testImages,
    scores: Object.fromEntries(
      Object.entries(first.scores).map(([name, { paper }]) => {
        const of = (figure: 'accuracy' | 'accZfn' | 'auroc') =>
          meanAndDeviation(runs.map(({ scores }) => scores[name]?.[figure]));
        return [
          name,
          {
            paper,
            accuracy: { ...of('accuracy'), oracle: true },
            accZfn: { ...of('accZfn'), oracle: true },
            auroc: { ...of('auroc'), oracle: false },
          },
        ];
      }),
    ),
  };
}
