import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import { evaluationJson } from '../../anomaly/evaluation/evaluation.ts';
import { evaluationCsv } from '../../anomaly/evaluation/evaluation-csv.ts';
import { learnedLines } from '../../anomaly/evaluation/learned.ts';
import { steganographyLines } from '../../anomaly/evaluation/steganography.ts';
import { writeFileAtomic } from '../../data/files/atomic.ts';
import { isFolder } from '../../data/files/is-folder.ts';
import { realPlace } from '../../data/files/real-place.ts';
import { formatBytes } from '../../report/parts/format.ts';
import { visible, visibleLines } from '../../report/parts/visible.ts';
import { requireOutput, textKind } from '../../workflow/common/outputs.ts';
import { UsageError } from '../../workflow/common/usage-error.ts';
import { evaluate as evaluateWorkflow } from '../../workflow/evaluate.ts';
import { PICTURES_BUDGET, report } from '../../workflow/report-file.ts';
import { freeReportPaths } from '../../workflow/report-paths.ts';
import type { EvaluatedRun } from '../../workflow/runs/evaluate-run.ts';
import { commandLine } from '../command-line.ts';
import { listenOnTerminal } from '../listener.ts';
import {
  addDataOptions,
  addTileOption,
  addTuneOptions,
  type DataFlags,
  MAP_OPTION,
  type TuneFlags,
  toByteCount,
  toNumber,
  withDevice,
} from '../options.ts';
import { baselineLines } from '../text/baseline.ts';
import { evaluationText } from '../text/evaluation.ts';
import { localisationLines } from '../text/localisation.ts';

interface EvaluateCommandOptions extends TuneFlags, DataFlags {
  json?: boolean;
  csv?: string;
  report?: string;
  pictures?: number;
  threshold?: number;
  map?: string;
  tile?: number;
}

/** Other than the index of a data folder, whose header may begin likewise. */
const TABLE = textKind('a table of an evaluation', /^file,label,type,[^\n]*,decided_by,threshold,flag(,reason)?\r\n/);

export function addEvaluate(program: Command): void {
  const command = program
    .command('evaluate')
    .description(
      'score the test images of a data folder and say how well the scores tell normal and abnormal ones apart',
    )
    .argument('<model>', 'folder that train wrote, or its model.safetensors alone')
    .argument(
      '<data>',
      'data folder; its test part is judged, or every image that neither trained nor calibrated the model',
    )
    .option('--threshold <number>', 'judge by this threshold instead of the calibrated one', toNumber)
    .option('--map <name>', MAP_OPTION)
    .option('--json', 'print one JSON object on standard output and nothing else')
    .option(
      '--csv <file>',
      'write file, label, scores, threshold and flag of every image, and why one could not be read',
    )
    .option('--report <file>', 'write a page with figures, curves and heat maps, and the figures as .json beside it')
    .option(
      '--pictures <bytes>',
      `with --report: the most that pictures may take of the page, such as 30MB; those of misses and false alarms come first (default: ${formatBytes(PICTURES_BUDGET)})`,
      toByteCount,
    );
  addDataOptions(command);
  addTileOption(command);
  addTuneOptions(command).action(evaluate);
}

async function evaluate(model: string, data: string, options: EvaluateCommandOptions): Promise<void> {
  const { csv, json, threshold, map, tile, tune, aIs, skipBroken, quiet = false } = options;
  const paths = options.report ? freeReportPaths(options.report) : null;
  if (paths) requireOtherName(csv, paths);
  else if (options.pictures !== undefined)
    throw new UsageError('--pictures belongs to a report. Name one with --report, or leave it out.');
  if (options.report && !isFolder(model)) {
    throw new UsageError(
      `--report shows how the training went, which a model file alone does not hold. Give the run folder instead of ${model}, or leave --report out.`,
    );
  }
  if (csv) requireOutput('--csv', csv, TABLE);
  const { listener, stop } = listenOnTerminal(quiet);
  const pictures = options.report ? (options.pictures ?? PICTURES_BUDGET) : 0;
  await withDevice(options, async (device) => {
    const evaluated = await evaluateWorkflow({
      ...{ ...listener, device, model, data, aIs, skipBroken, tune, threshold, map, tile, pictures },
    }).finally(stop);
    if (!evaluated) return;
    const { evaluation, leftOut, source } = evaluated;
    if (leftOut > 0 && !quiet)
      process.stderr.write(`${leftOut} images that trained or calibrated the model are not judged.\n`);
    if (csv) writeFileAtomic(csv, evaluationCsv(evaluation));
    if (options.report) {
      const command = commandLine('cyclops', 'evaluate', model, data, '--report', options.report);
      report(evaluated, { ...listener, path: options.report, data: basename(resolve(data)), command });
    }
    const context = { device: source.device.name, run: source.model, data: source.data };
    process.stdout.write(
      json
        ? `${visibleLines(JSON.stringify({ ...evaluationJson(evaluation, context), ...figuresOf(evaluated, options.report !== undefined) }, null, 2))}\n`
        : `${evaluationText(evaluation)}${linesOf(evaluated).join('\n')}\n`,
    );
    if (options.report && !json) process.stdout.write(`Report: ${visible(options.report)}\n`);
  });
}

/** @throws UsageError where --csv names a file of the report */
function requireOtherName(csv: string | undefined, { page, json }: { page: string; json: string }): void {
  const taken = [page, json].find((path) => csv !== undefined && realPlace(path) === realPlace(csv));
  if (taken === undefined) return;
  throw new UsageError(
    `--report ${page} writes ${page} and ${json}, and --csv would write ${taken} too. Give one of them another name.`,
  );
}

/** What --json tells beside the scores; of pictures only where a report has some. */
function figuresOf(
  { baseline, heatmap, pixels, pairs, steganography, learned, pictures }: EvaluatedRun,
  isReport: boolean,
) {
  return { baseline, heatmap, pixels, pairs, steganography, learned, ...(isReport && { pictures: pictures.report() }) };
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
