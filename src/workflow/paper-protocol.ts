import { join } from 'node:path';
import type { Evaluation } from '../anomaly/evaluation/evaluation.ts';
import { mean } from '../anomaly/metrics/mean.ts';
import { align } from '../cli/text/table.ts';
import { createRun } from '../cyclegan/run/run-folder.ts';
import type { Dataset } from '../data/datasets/dataset.ts';
import { splitDataset } from '../data/datasets/split.ts';
import { writeFileAtomic } from '../data/files/atomic.ts';
import type { Device } from '../gpu/device.ts';
import { evaluateRun } from './evaluate-run.ts';
import { openJudge } from './judge.ts';
import { type TrainRunOptions, trainRun } from './train-run.ts';

/** A figure of several runs: mean and standard deviation (of a sample; null for one run), and each run's own. */
export interface MeanAndDeviation {
  mean: number;
  sd: number | null;
  values: number[];
  /** True where each run chose its threshold on the images that the figure is of. */
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

export interface PaperProtocolOptions extends Omit<TrainRunOptions, 'run' | 'resume'> {
  /** Folder of the runs; each gets one of its own, named by its seed. */
  out: string;
  runs: number;
}

/**
 * The protocol of the paper's public code: for each seed a balanced split of all images, whatever parts or groups they
 * have, a training without validation, and figures whose thresholds are chosen on the test images: oracles all.
 *
 * @returns null when Ctrl-C stopped it
 */
export async function paperProtocol(device: Device, options: PaperProtocolOptions): Promise<PaperFigures | null> {
  const { out, runs, config, dataset, quiet, ...rest } = options;
  const seeds = Array.from({ length: runs }, (_, i) => config.seed + i);
  const evaluations: Evaluation[] = [];
  for (const seed of seeds) {
    const run = createRun(join(out, `seed-${seed}`));
    if (!quiet) process.stderr.write(`run ${evaluations.length + 1} of ${runs}: ${run.root}\n`);
    const split = splitDataset(pooled(dataset), seed);
    const trained = await trainRun(device, {
      ...rest,
      ...{ quiet, run, resume: false, config: { ...config, seed }, dataset: split },
    });
    if (!trained) return null;
    const { evaluation } = await evaluateRun(device, {
      ...{ ...rest, quiet, dataset: split, pictures: 0 },
      judge: openJudge(run.root),
    });
    evaluations.push(evaluation);
  }
  const figures = summarisePaper(seeds, evaluations);
  writeFileAtomic(join(out, 'protocol.json'), `${JSON.stringify(figures, null, 2)}\n`);
  return figures;
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

/** The figures as a table for people. */
export function paperText({ seeds, testImages, scores }: PaperFigures): string {
  const show = ({ mean, sd }: MeanAndDeviation) =>
    sd === null ? mean.toFixed(3) : `${mean.toFixed(3)} ± ${sd.toFixed(3)}`;
  const rows = Object.entries(scores).map(([name, { paper, accuracy, accZfn, auroc }]) => [
    ...[name, show(accuracy), show(accZfn), show(auroc), paper ? "the paper's" : ''],
  ]);
  const header = ['score', 'ACC*', 'ACC_ZFN*', 'AUC', ''];
  return [
    `The paper's protocol, ${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ')}: ${testImages.normal} normal and ` +
      `${testImages.abnormal} abnormal test images in each run${seeds.length > 1 ? '; mean ± standard deviation' : ''}.`,
    '',
    ...align([header, ...rows], (column) => column === 0 || column === header.length - 1),
    '',
    '* oracle: its threshold was chosen on the images reported on.',
    '',
  ].join('\n');
}
