import { join, resolve } from 'node:path';
import { writeCalibration } from '../anomaly/calibration.ts';
import { openDetector } from '../anomaly/detector.ts';
import { heatmapMaximum } from '../anomaly/heatmap-scale.ts';
import { writeModel } from '../anomaly/model-file.ts';
import { scoreImages } from '../anomaly/score-images.ts';
import { SCORE_INFOS } from '../anomaly/scores.ts';
import {
  type Calibration,
  chooseThresholds,
  type Rule,
  type ScoredImage,
  withThreshold,
} from '../anomaly/thresholds.ts';
import { hashFile, readDataRecord } from '../cyclegan/data-record.ts';
import type { RunFolder } from '../cyclegan/run-folder.ts';
import type { Device } from '../gpu/device.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { ImageDecoder, settleBroken } from './decode-images.ts';
import { showProgress } from './progress.ts';
import { tuneScoring } from './tuning.ts';

export interface CalibrateRunOptions {
  run: RunFolder;
  rule: Rule;
  /** The user's threshold for the score that decides, instead of the rule's. */
  threshold?: number | undefined;
  /** Where the data folder is now; by default where training found it. */
  data?: string | undefined;
  quiet: boolean;
  /** Whether to look for the fastest kernels first. */
  tune: boolean;
}

/**
 * Scores the images that calibrate a run, chooses score and thresholds by them alone, and keeps both in
 * the run and in its model file. A run
 * without a calibration part takes its training images, and its calibration says so.
 *
 * @throws CyclopsError when an image is missing or not the one that the run began with
 */
export async function calibrateRun(device: Device, options: CalibrateRunOptions): Promise<Calibration> {
  const { run, rule, quiet } = options;
  const record = readDataRecord(run.data);
  const root = options.data === undefined ? record.root : resolve(options.data);
  const chosenOn = record.images.some(({ part }) => part === 'calibration') ? 'calibration' : 'train';
  const recorded = record.images.filter(({ part }) => part === chosenOn);
  const refs = recorded.map(({ file, label, sha256, group }) => {
    const path = join(root, file);
    if (hashFile(path) === sha256) return { path, file, label, ...(group !== undefined && { group }) };
    throw new CyclopsError(
      `${path} is not the image that the run ${run.root} began with. Restore it, or say with --data where the images are.`,
    );
  });

  const decoder = new ImageDecoder(refs, false);
  const images: ScoredImage[] = [];
  const detector = openDetector(device, run);
  try {
    await tuneScoring(detector, options);
    const display = showProgress('calibration', refs.length, quiet);
    try {
      for await (const { scores } of scoreImages(detector, decoder.images())) {
        const ref = decoder.good[images.length];
        if (!ref) throw new Error('An image was scored that was not decoded.');
        const { file, label, group } = ref;
        images.push({ file, label, ...(group !== undefined && { group }), scores });
        display.update(images.length, 'images scored');
      }
    } finally {
      display.stop();
    }
    settleBroken(decoder, false, () => {});
    const choice = { rule, chosenOn, dataHash: record.hash } as const;
    const calibration = withThreshold(chooseThresholds(images, SCORE_INFOS, choice), options.threshold);
    await writeModel(run.model, detector, calibration, heatmapMaximum(images));
    writeCalibration(run, calibration);
    return calibration;
  } finally {
    detector.dispose();
  }
}
