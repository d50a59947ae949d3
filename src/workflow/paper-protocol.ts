import { join } from 'node:path';
import type { Evaluation } from '../anomaly/evaluation/evaluation.ts';
import { mean } from '../anomaly/metrics/mean.ts';
import { createRun } from '../cyclegan/run/run-folder.ts';
import type { Dataset } from '../data/datasets/dataset.ts';
import { splitDataset } from '../data/datasets/split.ts';
import { writeFileAtomic } from '../data/files/atomic.ts';
import { listenerOf } from './common/listener.ts';
import { openModel } from './common/model.ts';
import { checkOptions, DATA, number, RUNNING, TRAINING } from './common/options.ts';
import { UsageError } from './common/usage-error.ts';
import { withDevice } from './common/with-device.ts';
import { openData } from './images/open-data.ts';
import { trainingRange } from './images/training-range.ts';
import type { DivisionOptions } from './runs/division.ts';
import { evaluateRun } from './runs/evaluate-run.ts';
import { BANK_MEMORY, trainRun } from './runs/train-run.ts';
import { configOf } from './runs/training-config.ts';
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

export interface PaperProtocolOptions extends Omit<TrainOptions, keyof DivisionOptions | 'resume'> {
  /** How many runs, with seeds that follow one another; 1 unless told otherwise. Each gets a folder in `out`, named by its seed. */
  runs?: number | undefined;
}

/**
 * The protocol of the paper's public code: for each seed a balanced split of all images, whatever parts or groups they
 * have, a training without validation, and figures whose thresholds are chosen on the test images, so that all of them are oracles.
 *
 * A protocol that was stopped begins anew, in another folder: its runs are not taken over.
 *
 * @returns null when the signal stopped it
 * @throws UsageError for options that cannot be @throws CyclopsError as `train`
 */
export async function paperProtocol(options: PaperProtocolOptions): Promise<PaperFigures | null> {
  checkOptions('paperProtocol', options, { ...RUNNING, ...DATA, ...TRAINING, runs: number });
  const { out, runs = 1, skipBroken = false, tune = true, eager = false, onProfile } = options;
  const { bankMemory = BANK_MEMORY } = options;
  if (!Number.isInteger(runs) || runs < 1) {
    throw new UsageError(`--runs is ${runs}; expected a whole number from 1, such as 5.`);
  }
  const config = configOf(options);
  const dataset = pooled(openData(options));
  const seeds = Array.from({ length: runs }, (_, i) => config.seed + i);
  const evaluations: Evaluation[] = [];
  const common = { ...listenerOf(options), skipBroken, tune };
  return await withDevice(options, async (device) => {
    for (const seed of seeds) {
      const run = createRun(join(out, `seed-${seed}`));
      const number = evaluations.length + 1;
      options.onProgress?.({ stage: 'run', what: 'run', number, total: runs, folder: run.root });
      const split = splitDataset(dataset, seed);
      const range = options.config?.range ?? (await trainingRange(split, options.onWarning));
      const training = {
        ...{ ...common, eager, bankMemory, onProfile, run, resume: false },
        ...{ config: { ...config, seed, range }, dataset: split },
      };
      if (!(await trainRun(device, training))) return null;
      const model = openModel(run.root);
      const evaluated = await evaluateRun(device, { ...common, model, dataset: split, pictures: 0 });
      if (!evaluated) return null;
      evaluations.push(evaluated.evaluation);
    }
    const figures = summarisePaper(seeds, evaluations);
    writeFileAtomic(join(out, 'protocol.json'), `${JSON.stringify(figures, null, 2)}\n`);
    return figures;
  });
}

/** All images, without what is known of parts, objects and defects: the paper's code has labels alone. */
function pooled(dataset: Dataset): Dataset {
  return { ...dataset, images: dataset.images.map(({ path, file, label }) => ({ path, file, label })) };
}

/** @param evaluations one for each seed, each of both classes */
export function summarisePaper(seeds: number[], evaluations: readonly Evaluation[]): PaperFigures {
  const [first] = evaluations;
  if (!first) throw new RangeError('A protocol needs at least one run.');
  const { normal, abnormal } = first.counts;
  return {
    protocol: 'paper',
    seeds,
    testImages: { normal, abnormal },
    scores: Object.fromEntries(
      first.scores.map(({ info }, i) => {
        const reports = evaluations.map(({ scores }) => scores[i]);
        return [
          info.name,
          {
            paper: info.paper,
            accuracy: { ...meanAndDeviation(reports.map((report) => report?.bestAccuracy?.accuracy)), oracle: true },
            accZfn: { ...meanAndDeviation(reports.map((report) => report?.zfn?.accuracy)), oracle: true },
            auroc: { ...meanAndDeviation(reports.map((report) => report?.auroc)), oracle: false },
          },
        ];
      }),
    ),
  };
}

function meanAndDeviation(figures: readonly (number | null | undefined)[]): Omit<MeanAndDeviation, 'oracle'> {
  const values = figures.map((figure) => figure ?? Number.NaN);
  const centre = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return { mean: centre, sd: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : null, values };
}
