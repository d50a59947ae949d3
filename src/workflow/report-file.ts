import { heatmapMaximum } from '../anomaly/calibration/heatmap-scale.ts';
import { assess } from '../anomaly/evaluation/assessment.ts';
import { readDataRecord } from '../cyclegan/run/data-record.ts';
import { damageText, gapText, readMetrics } from '../cyclegan/run/metrics-log.ts';
import { writeTogether } from '../data/files/atomic.ts';
import { renderReport } from '../report/page.ts';
import { lossCurves } from '../report/parts/loss-curves.ts';
import { FORMAT, type Report } from '../report/parts/report.ts';
import type { Listener } from './common/listener.ts';
import { UsageError } from './common/usage-error.ts';
import { versions } from './common/versions.ts';
import { freeReportPaths } from './report-paths.ts';
import type { EvaluatedRun } from './runs/evaluate-run.ts';

/** How many bytes of a page its pictures may take unless a user says otherwise: enough to browse, few enough to open at once. */
export const PICTURES_BUDGET = 40e6;

export interface ReportOptions extends Pick<Listener, 'onWarning'> {
  /** Of the page; its figures go beside it, into a file of that name that ends in .json. */
  path: string;
  /** Name of the data set. */
  data: string;
  attribution?: string;
  /** The command line that makes the report again; none where a program made it. */
  command?: string | undefined;
}

/**
 * Writes the report of an evaluated run, as a page and as the JSON of all its figures.
 *
 * @throws UsageError for a model file without its run, which knows how the training went; where a file that is no report has the name
 * @throws CyclopsError when a file cannot be read or written
 */
export function report(evaluated: EvaluatedRun, options: ReportOptions): void {
  const { run, training, model } = evaluated.source;
  if (!run || !training)
    throw new UsageError(
      `A report shows how the training went, and ${model} is a model file alone. Evaluate its run folder.`,
    );
  const { page, json } = freeReportPaths(options.path);
  // As it was: it may have gone on since.
  const { config, position } = training;
  const record = readDataRecord(run.data);
  const metrics = readMetrics(run.metrics);
  if (metrics.damaged.length > 0) {
    options.onWarning?.(`${damageText(run.metrics, metrics.damaged)} The curves of the report leave them out.`);
  }
  // Later ones a killed process wrote behind its last checkpoint.
  const records = metrics.records.filter(({ step }) => step <= position.step);
  const gap = metrics.damaged.length > 0 ? null : gapText(run.metrics, records, position.step);
  if (gap) options.onWarning?.(`${gap} The curves of the report leave them out.`);
  const { evaluation, steganography, leftOut, heatmap, baseline, pixels, pairs, learned, pictures } = evaluated;
  const max = heatmapMaximum(heatmap);
  const trained = (label: string) =>
    record.images.filter((image) => image.part === 'train' && image.label === label).length;
  const content: Report = {
    format: FORMAT,
    title: `Cyclops: ${options.data}`,
    dataset: {
      name: options.data,
      trainNormal: trained('normal'),
      trainAbnormal: trained('abnormal'),
      leftOut,
      ...(options.attribution && { attribution: options.attribution }),
    },
    device: deviceNames(evaluated.source.device.name),
    training: {
      steps: position.step,
      epochs: Math.ceil(position.step / position.stepsPerEpoch),
      seconds: position.seconds,
      configuration: Object.fromEntries(Object.entries(config).map(([name, value]) => [name, value ?? 'none'])),
      losses: lossCurves(records.map(({ step, epoch: _, lr: __, ...losses }) => ({ step, losses }))),
    },
    versions: versions(),
    ...(options.command && { command: options.command }),
    created: `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    evaluation,
    assessment: assess(evaluation),
    steganography,
    learned,
    baseline,
    heatmap: { ...heatmap, max },
    pixels,
    pairs,
    pictures: pictures.report(),
  };
  writeTogether([
    [page, renderReport(content, pictures.pictures)],
    [json, `${JSON.stringify(content, null, 2)}\n`],
  ]);
}

/** An adapter's name and its driver, which lavapipe and others put behind a colon. */
function deviceNames(adapter: string): { name: string; driver: string } {
  const [name = adapter, ...driver] = adapter.split(': ');
  return { name, driver: driver.join(': ') || 'not told' };
}
