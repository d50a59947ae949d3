import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Calibration, type Rule, withThreshold } from '../../anomaly/calibration/calibration.ts';
import { writeCalibration } from '../../anomaly/calibration/calibration-file.ts';
import { type FoldScores, readFoldScores } from '../../anomaly/calibration/fold-scores.ts';
import { calibrateHeatmap } from '../../anomaly/calibration/heatmap-scale.ts';
import { chooseThresholds } from '../../anomaly/calibration/thresholds.ts';
import type { DetectorNetworks } from '../../anomaly/detector/detector-networks.ts';
import { openRunNetworks } from '../../anomaly/detector/run-networks.ts';
import type { ResultPictures } from '../../anomaly/detector/score-images.ts';
import { writeModel } from '../../anomaly/detector/stored-model.ts';
import { medianNormalChange } from '../../anomaly/evaluation/learned.ts';
import { changedShare } from '../../anomaly/metrics/changed-share.ts';
import { type ImageStatistics, imageStatistics } from '../../anomaly/scores/image-statistics.ts';
import { SCORE_INFOS } from '../../anomaly/scores/list.ts';
import type { ScoredImage } from '../../anomaly/scores/scored-image.ts';
import { readCheckpointHead } from '../../cyclegan/run/checkpoint-head.ts';
import { fingerprint, hashFile, readDataRecord } from '../../cyclegan/run/data-record.ts';
import type { RunFolder } from '../../cyclegan/run/run-folder.ts';
import type { Device } from '../../gpu/device.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { ImageDecoder, settleBroken } from '../images/decode-images.ts';
import type { Listener } from '../common/listener.ts';
import { scoredImage, scoreRefs } from '../images/score-refs.ts';
import { tuneScoring } from '../common/tuning.ts';

interface CalibrateRunOptions extends Listener {
  run: RunFolder;
  rule: Rule;
  /** The user's threshold for the score that decides, instead of the rule's. */
  threshold?: number | undefined;
  /** Where the data folder is now; by default where training found it. */
  data?: string | undefined;
  /** Whether to look for the fastest kernels first. */
  tune: boolean;
}

/**
 * Chooses score and thresholds of a run by nothing but the images that calibrate it, and keeps both in the run and in its model file.
 * A run of folds has their scores already; one without a calibration part takes its training images. Its calibration says so.
 *
 * @returns null when the signal stopped it; the run is then as it was
 * @throws CyclopsError when an image is missing or not the one that the run began with
 */
export async function calibrateRun(device: Device, options: CalibrateRunOptions): Promise<Calibration | null> {
  const { run, rule, threshold } = options;
  const { images: recorded, hash: dataHash } = readDataRecord(run.data);
  const { step } = readCheckpointHead(run.checkpoint).position;
  const detector = openRunNetworks(device, run);
  try {
    const byFolds = existsSync(run.foldScores);
    const calibrates = recorded.some(({ part }) => part === 'calibration');
    const chosenOn = byFolds ? 'folds' : calibrates ? 'calibration' : 'train';
    const images = byFolds ? outOfFold(readFoldScores(run)) : await scoreRecorded(detector, options);
    if (!images) return null;
    // A version may compute scores that were not there yet when folds were scored.
    const infos = SCORE_INFOS.filter(({ name }) => !byFolds || images.every(({ scores }) => name in scores));
    const chosen = chooseThresholds(images, infos, { rule, chosenOn, dataHash });
    const normalChange = medianNormalChange(images);
    const measured = { heatmap: calibrateHeatmap(images), ...(normalChange !== null && { normalChange }) };
    const calibration = withThreshold({ ...chosen, ...measured, step }, threshold);
    const seen = recorded.map(({ sha256 }) => fingerprint(sha256));
    await writeModel(run.model, detector, calibration, seen);
    writeCalibration(run, calibration);
    return calibration;
  } finally {
    detector.dispose();
  }
}

function outOfFold({ images }: FoldScores): ScoredImage[] {
  return images.flatMap(({ fold: _, scores, ...image }) => (scores ? [{ ...image, scores }] : []));
}

function changeIn(pictures: ResultPictures | null): Pick<ScoredImage, 'change'> {
  return pictures ? { change: changedShare(pictures.input.pixels, pictures.reconstruction.pixels) } : {};
}

/**
 * Scores the images that were put aside to calibrate a run, or its training images where none were.
 *
 * @returns null when the signal stopped it
 * @throws CyclopsError when an image is missing or not the one that the run began with
 */
export async function scoreRecorded(
  detector: DetectorNetworks,
  options: Omit<CalibrateRunOptions, 'rule' | 'threshold'>,
): Promise<ScoredImage[] | null> {
  const { run, signal, onProgress } = options;
  const record = readDataRecord(run.data);
  const root = options.data === undefined ? record.root : resolve(options.data);
  const aside = record.images.filter(({ part }) => part === 'calibration');
  const refs = (aside.length > 0 ? aside : record.images).map(({ file, label, sha256, group }) => {
    const path = join(root, file);
    if (hashFile(path) === sha256) return { path, file, label, ...(group !== undefined && { group }) };
    throw new CyclopsError(
      `${path} is not the image that the run ${run.root} began with. Restore it, or say with --data where the images are.`,
    );
  });
  const statistics = new Map<string, ImageStatistics>();
  const decoder = new ImageDecoder(refs, false, ({ file }, image) => {
    statistics.set(file, imageStatistics(image, detector.config.loadSize));
  });
  const images: ScoredImage[] = [];
  await tuneScoring(detector, options);
  const isNormal = (index: number) => decoder.good[index]?.label === 'normal';
  for await (const scored of scoreRefs(detector, decoder, isNormal)) {
    images.push({ ...scoredImage(scored, statistics.get(scored.ref.file)), ...changeIn(scored.pictures) });
    onProgress?.({ stage: 'calibration', done: images.length, total: refs.length });
    if (signal?.aborted) return null;
  }
  settleBroken(decoder, false);
  return images;
}
