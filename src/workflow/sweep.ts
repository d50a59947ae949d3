import { join } from 'node:path';
import * as v from 'valibot';
import { meanAndDeviation } from '../anomaly/metrics/mean-and-deviation.ts';
import { readCheckpointHead } from '../cyclegan/run/checkpoint-head.ts';
import { hasCheckpoint, runFolder } from '../cyclegan/run/run-folder.ts';
import type { Dataset } from '../data/datasets/dataset.ts';
import { writeTogether } from '../data/files/atomic.ts';
import { csvLine } from '../data/files/csv.ts';
import { finite, object, seed, text, whole } from '../data/files/schema.ts';
import type { Device } from '../gpu/device.ts';
import { CyclopsError, DeviceLostError } from '../gpu/errors.ts';
import { type Listener, listenerOf } from './common/listener.ts';
import { checkOptions, DATA, path, RUNNING, shardOption } from './common/options.ts';
import { VERSION } from './common/versions.ts';
import { type DeviceOption, withDevice } from './common/with-device.ts';
import { evaluate } from './evaluate.ts';
import { type DataOptions, openData } from './images/open-data.ts';
import type { EvaluatedRun } from './runs/evaluate-run.ts';
import { configOf, requireContinuation } from './runs/training-config.ts';
import { hashOf } from './shards/common.ts';
import { type Job, joinJob } from './shards/job.ts';
import { makeShard, resultsOf, writePiece } from './shards/pieces.ts';
import { requireShard, type Shard, type ShardDone, WHOLE } from './shards/shard.ts';
import { readSweep, type Sweep, type SweepRun } from './sweep-file.ts';
import { train } from './train.ts';

export interface SweepOptions extends Omit<DataOptions, 'data'>, DeviceOption, Listener {
  /** JSON that names sets, options and seeds: see docs/cluster.md. */
  file: string;
  /** The folder of all runs: new, empty, or begun by another shard. */
  out: string;
  /** Which of the trainings are made; all unless it is given. */
  shard?: Shard | undefined;
}

const rowSchema: v.GenericSchema<SweepRow> = v.pipe(
  object({
    ...{ variant: text, set: text, seed, score: text, auroc: v.nullable(finite(0, 1)) },
    ...{ missed: whole(), abnormal: whole(), falseAlarms: whole(), normal: whole() },
    aupro: v.nullable(finite(0, 1)),
  }),
  v.check(
    ({ missed, abnormal, falseAlarms, normal }) => missed <= abnormal && falseAlarms <= normal,
    'no more mistakes than images',
  ),
);

const COLUMNS = [
  ...(['variant', 'set', 'seed', 'score', 'auroc'] as const),
  ...(['missed', 'abnormal', 'falseAlarms', 'normal', 'aupro'] as const),
];

/** Images of a test part that were judged wrongly, and how many there were. */
export interface Mistakes {
  /** Abnormal images that were passed. */
  missed: number;
  abnormal: number;
  /** Normal images that were flagged. */
  falseAlarms: number;
  normal: number;
}

/** What one training of a sweep came to. */
export interface SweepRow extends Mistakes {
  variant: string;
  set: string;
  seed: number;
  /** The score that decides, which calibration chose. */
  score: string;
  /** Of that score on the test images; null where they lack a class. */
  auroc: number | null;
  /** Of heat maps; null without masks. */
  aupro: number | null;
}

/** A mean, and the deviation of a sample; null for one run. */
export interface Spread {
  mean: number;
  sd: number | null;
}

/** What a variant came to on a set, over all seeds; mistakes are summed. */
export interface SweepSummary extends Mistakes {
  variant: string;
  set: string;
  runs: number;
  auroc: Spread;
  /** Null where a run has none. */
  aupro: Spread | null;
}

export interface SweepTable {
  rows: SweepRow[];
  summary: SweepSummary[];
}

/**
 * Trains every variant of options on every set with every seed, and judges each by the test images: those trainings that are the shard's
 * share. Each and its figures are a piece in `out`, of which `collect` makes the table. What is there is not made again; what was cut off
 * goes on from its last checkpoint.
 *
 * @throws UsageError for options that cannot be @throws CyclopsError for a file or images that cannot be used, and when `out` holds another job
 */
export async function sweep({ shard = WHOLE, ...options }: SweepOptions): Promise<ShardDone> {
  const { data: _, ...reading } = DATA;
  checkOptions('sweep', { shard, ...options }, { ...RUNNING, ...reading, file: path, out: path, shard: shardOption });
  requireShard(shard);
  const { out } = options;
  const plan = readSweep(options.file);
  const job = jobOf(plan, options, shard);
  joinJob(out, job);
  return await makeShard(options, job, shard, (names) => trainAll(plan, options, job, names));
}

/** @returns whether all of these trainings are made; not where the signal stopped it @throws CyclopsError when some failed */
async function trainAll(
  plan: Sweep,
  options: Omit<SweepOptions, 'shard'>,
  job: Job,
  names: readonly string[],
): Promise<boolean> {
  const { out } = options;
  const failures: string[] = [];
  const isWhole = await withDevice(options, async (device) => {
    for (const run of plan.runs.filter(({ name }) => names.includes(name))) {
      const number = plan.runs.indexOf(run) + 1;
      options.onProgress?.({ stage: 'run', what: 'run', number, total: plan.runs.length, folder: join(out, run.name) });
      try {
        const row = await trainAndJudge(device, run, plan, options);
        if (!row) return false;
        writePiece(out, job, run.name, row);
      } catch (error) {
        // One that diverges does not keep the others from being trained; a lost device does.
        if (!(error instanceof CyclopsError) || error instanceof DeviceLostError) throw error;
        failures.push(`${run.name}: ${error.message}`);
        options.onWarning?.(`${run.name} failed: ${error.message}`);
      }
    }
    return true;
  });
  if (failures.length > 0) {
    throw new CyclopsError(
      `${failures.length} of ${names.length} trainings failed, the others are done. ${failures.join(' ')}`,
    );
  }
  return isWhole;
}

/** Makes `sweep.csv` and `sweep.json` of the pieces of all shards. @throws CyclopsError when some are missing */
export function collectSweep(out: string, job: Job): SweepTable {
  const rows = resultsOf(out, job, rowSchema);
  const table = { rows, summary: summarise(rows) };
  const lines = rows.map((row) => csvLine(COLUMNS.map((name) => row[name])));
  writeTogether([
    [join(out, 'sweep.json'), `${JSON.stringify(table, null, 2)}\n`],
    [join(out, 'sweep.csv'), `${csvLine(COLUMNS)}${lines.join('')}`],
  ]);
  return table;
}

function jobOf({ sets, runs }: Sweep, options: SweepOptions, { of }: Shard): Job {
  const { skipBroken = false, aIs = null, tune = true } = options;
  const hashes = Object.entries(sets).map(([name, data]) => [
    `list of images of ${name} (SHA-256)`,
    hashOf(openSet(data, options)),
  ]);
  const configs = runs.map(({ variant, options: asked }) => {
    const { seed: _, ...config } = configOf(asked);
    return [`configuration of ${variant}`, JSON.stringify(config)];
  });
  return {
    kind: 'sweep',
    shards: of,
    pieces: runs.map(({ name }) => name),
    common: {
      version: VERSION,
      ...Object.fromEntries([...hashes, ...configs]),
      seeds: [...new Set(runs.map(({ seed }) => seed))].join(', '),
      ...{ '--skip-broken': skipBroken, '--a-is': aIs, '--no-tune': !tune },
    },
  };
}

function openSet(data: string, options: SweepOptions): Dataset {
  return openData({ ...listenerOf(options), data, aIs: options.aIs }, { allowNormalAlone: true });
}

/** @returns null when the signal stopped it */
async function trainAndJudge(
  device: Device,
  { name, variant, set, seed, options: asked }: SweepRun,
  { sets }: Sweep,
  options: SweepOptions,
): Promise<SweepRow | null> {
  const { skipBroken, aIs, tune } = options;
  const run = join(options.out, name);
  const common = { ...listenerOf(options), device, tune, skipBroken, aIs, data: sets[set] ?? '' };
  const resume = hasCheckpoint(runFolder(run));
  if (resume) {
    // What the images decide is compared by who trains.
    const { config } = readCheckpointHead(runFolder(run).checkpoint);
    requireContinuation(run, config, configOf(asked), ['range', 'damage']);
  }
  const { calibration } = await train({ ...common, out: run, ...(resume ? { resume } : asked) });
  const evaluated = calibration && (await evaluate({ ...common, model: run }));
  return evaluated && { variant, set, seed, ...figuresOf(evaluated) };
}

function figuresOf({ evaluation, pixels }: EvaluatedRun): Omit<SweepRow, 'variant' | 'set' | 'seed'> {
  const { score } = evaluation.chosen;
  const report = evaluation.scores.find(({ info }) => info.name === score);
  const { truePositives = 0, falseNegatives = 0, falsePositives = 0, trueNegatives = 0 } = report?.calibrated ?? {};
  return {
    ...{ score, auroc: report?.auroc ?? null },
    ...{ missed: falseNegatives, abnormal: falseNegatives + truePositives },
    ...{ falseAlarms: falsePositives, normal: falsePositives + trueNegatives },
    aupro: pixels?.figures?.aupro ?? null,
  };
}

function summarise(rows: readonly SweepRow[]): SweepSummary[] {
  const keys = [...new Set(rows.map(({ variant, set }) => `${variant}.${set}`))];
  return keys.map((key) => {
    const own = rows.filter(({ variant, set }) => `${variant}.${set}` === key);
    const [{ variant, set } = { variant: '', set: '' }] = own;
    const sum = (name: 'missed' | 'abnormal' | 'falseAlarms' | 'normal') =>
      own.reduce((total, row) => total + row[name], 0);
    const over = (name: 'auroc' | 'aupro'): Spread => {
      const { mean, sd } = meanAndDeviation(own.map((row) => row[name]));
      return { mean, sd };
    };
    return {
      ...{ variant, set, runs: own.length, auroc: over('auroc') },
      ...{ missed: sum('missed'), abnormal: sum('abnormal'), falseAlarms: sum('falseAlarms'), normal: sum('normal') },
      aupro: own.every(({ aupro }) => aupro !== null) ? over('aupro') : null,
    };
  });
}
