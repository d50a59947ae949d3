import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import { evaluationJson } from '../../anomaly/evaluation/evaluation.ts';
import { evaluationCsv } from '../../anomaly/evaluation/evaluation-csv.ts';
import { learnedLines } from '../../anomaly/evaluation/learned.ts';
import { steganographyLines } from '../../anomaly/evaluation/steganography.ts';
import { requireWritable, writeFileAtomic } from '../../data/files/atomic.ts';
import { formatBytes } from '../../report/parts/format.ts';
import { type EvaluatedRun, evaluateRun } from '../../workflow/evaluate-run.ts';
import { openJudge } from '../../workflow/judge.ts';
import { openData } from '../../workflow/open-data.ts';
import { PICTURES_BUDGET, writeReport } from '../../workflow/report-file.ts';
import { checkReportPaths, reportPaths } from '../../workflow/report-paths.ts';
import { UsageError } from '../failure.ts';
import {
  addDataOptions,
  addTileOption,
  addTuneOptions,
  type DataOptions,
  type TuneOptions,
  toBytes,
  toNumber,
  withDevice,
} from '../options.ts';
import { baselineLines } from '../text/baseline.ts';
import { evaluationText } from '../text/evaluation.ts';
import { localisationLines } from '../text/localisation.ts';

interface EvaluateOptions extends TuneOptions, DataOptions {
  json?: boolean;
  csv?: string;
  report?: string;
  pictures?: number;
  threshold?: number;
  tile?: number;
}

export function addEvaluate(program: Command): void {
  const command = program
    .command('evaluate')
    .description('score the test images of a data folder and say how well that tells them apart')
    .argument('<model>', 'folder that train wrote, or its model.safetensors alone')
    .argument(
      '<data>',
      'data folder; its test part is judged, or every image that neither trained nor calibrated the model',
    )
    .option('--threshold <number>', 'judge by this threshold instead of the calibrated one', toNumber)
    .option('--json', 'print one JSON object on standard output and nothing else')
    .option('--csv <file>', 'write file, label, scores, threshold and flag of every image')
    .option('--report <file>', 'write a page with figures, curves and heat maps, and the figures as .json beside it')
    .option(
      '--pictures <bytes>',
      `with --report: how much of the page pictures may take, such as 30MB; of misses and false alarms first (default: ${formatBytes(PICTURES_BUDGET)})`,
      toBytes,
    );
  addDataOptions(command);
  addTileOption(command);
  addTuneOptions(command).action(evaluate);
}

async function evaluate(modelPath: string, data: string, options: EvaluateOptions): Promise<void> {
  if (options.report) checkReportPaths(options.report, options.csv);
  else if (options.pictures !== undefined)
    throw new UsageError('--pictures belongs to a report. Name one with --report, or leave it out.');
  const judge = openJudge(modelPath);
  const { run } = judge;
  if (options.report && !run) {
    throw new UsageError(
      `--report shows how the training went, which a model file alone does not hold. Give the run folder instead of ${modelPath}, or leave --report out.`,
    );
  }
  const written = [...(options.report ? Object.values(reportPaths(options.report)) : []), options.csv];
  for (const path of written) if (path) requireWritable(path);
  const dataset = openData(data, options);
  const quiet = options.quiet ?? false;
  const skipBroken = options.skipBroken ?? false;
  await withDevice(options, async (device) => {
    const pictures = options.report ? (options.pictures ?? PICTURES_BUDGET) : 0;
    const { tune, threshold, tile } = options;
    const evaluated = await evaluateRun(device, { judge, dataset, skipBroken, quiet, tune, pictures, threshold, tile });
    const { evaluation, leftOut, steganography, heatmap, pixels, pairs, baseline, learned } = evaluated;
    if (leftOut > 0 && !quiet)
      process.stderr.write(`${leftOut} images that trained or calibrated the model are not judged.\n`);
    if (options.csv) writeFileAtomic(options.csv, evaluationCsv(evaluation));
    if (options.report && run) {
      const command = ['cyclops evaluate', modelPath, data, '--report', options.report].join(' ');
      writeReport(device, evaluated, { path: options.report, run, data: basename(resolve(data)), command });
    }
    const context = { device: device.info.name, run: run?.root ?? resolve(judge.source), data: dataset.root };
    process.stdout.write(
      options.json
        ? `${JSON.stringify({ ...evaluationJson(evaluation, context), baseline, heatmap, pixels, pairs, steganography, learned, ...(options.report && { pictures: evaluated.pictures.report() }) }, null, 2)}\n`
        : `${evaluationText(evaluation)}${linesOf(evaluated).join('\n')}\n`,
    );
  });
}

/** What there is to say beside the scores. */
function linesOf(evaluated: EvaluatedRun): string[] {
  return [
    ...baselineLines(evaluated.baseline, evaluated.evaluation.chosen.score),
    ...localisationLines(evaluated),
    ...steganographyLines(evaluated.steganography),
    ...learnedLines(evaluated.learned),
  ];
}
