import { heatmapMaximum } from '../anomaly/calibration/heatmap-scale.ts';
import { HEATMAP_FORMULA } from '../anomaly/detector/score-images.ts';
import { assess } from '../anomaly/evaluation/assessment.ts';
import { readCheckpointHead } from '../cyclegan/run/checkpoint.ts';
import { readDataRecord } from '../cyclegan/run/data-record.ts';
import { readMetrics } from '../cyclegan/run/metrics-log.ts';
import type { RunFolder } from '../cyclegan/run/run-folder.ts';
import { writeFileAtomic } from '../data/files/atomic.ts';
import type { Device } from '../gpu/device.ts';
import { renderReport } from '../report/page.ts';
import { lossCurves } from '../report/parts/loss-curves.ts';
import { FORMAT, type Report } from '../report/parts/report.ts';
import type { EvaluatedRun } from './evaluate-run.ts';
import { reportPaths } from './report-paths.ts';
import { versions } from './versions.ts';

/** How many bytes of a page its pictures may take unless a user says otherwise: enough to browse, few enough to open at once. */
export const PICTURES_BUDGET = 40e6;

export interface ReportOptions {
  path: string;
  run: RunFolder;
  /** Name of the data set. */
  data: string;
  attribution?: string;
  /** The command line that makes the report again. */
  command: string;
}

/** Writes the report of an evaluated run, as a page and as the JSON of all its figures. @throws CyclopsError when a file cannot be read or written */
export function writeReport(device: Device, evaluated: EvaluatedRun, options: ReportOptions): void {
  const { config, position } = readCheckpointHead(options.run.checkpoint);
  const record = readDataRecord(options.run.data);
  const { evaluation, steganography, learned, leftOut, heatmap, baseline, pixels, pairs, pictures } = evaluated;
  const max = heatmapMaximum(heatmap);
  const trained = (label: string) =>
    record.images.filter((image) => image.part === 'train' && image.label === label).length;
  const report: Report = {
    format: FORMAT,
    title: `Cyclops: ${options.data}`,
    dataset: {
      name: options.data,
      trainNormal: trained('normal'),
      trainAbnormal: trained('abnormal'),
      leftOut,
      ...(options.attribution && { attribution: options.attribution }),
    },
    device: deviceNames(device),
    training: {
      steps: position.step,
      epochs: Math.ceil(position.step / position.stepsPerEpoch),
      seconds: position.seconds,
      configuration: Object.fromEntries(Object.entries(config).map(([name, value]) => [name, value ?? 'none'])),
      losses: lossCurves(
        readMetrics(options.run.metrics).map(({ step, epoch: _, lr: __, ...losses }) => ({ step, losses })),
      ),
    },
    versions: versions(),
    command: options.command,
    created: `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    evaluation,
    assessment: assess(evaluation),
    steganography,
    learned,
    baseline,
    heatmap: { ...heatmap, max, formula: HEATMAP_FORMULA },
    pixels,
    pairs,
    pictures: pictures.report(),
  };
  const { page, json } = reportPaths(options.path);
  writeFileAtomic(page, renderReport(report, pictures.pictures));
  writeFileAtomic(json, `${JSON.stringify(report, null, 2)}\n`);
}

/** An adapter's name and its driver, which lavapipe and others put behind a colon. */
function deviceNames({ info }: Device): { name: string; driver: string } {
  const [name = info.name, ...driver] = info.name.split(': ');
  return { name, driver: driver.join(': ') || 'not told' };
}
