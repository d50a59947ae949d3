import { readCalibration } from '../anomaly/calibration.ts';
import { openDetector } from '../anomaly/detector.ts';
import { type Evaluation, summarise } from '../anomaly/evaluation.ts';
import { imagesToJudge } from '../anomaly/judged-images.ts';
import { type ResultPictures, scoreImages } from '../anomaly/score-images.ts';
import { SCORE_INFOS } from '../anomaly/scores.ts';
import { type CheckedImage, checkSteganography, type Steganography } from '../anomaly/steganography.ts';
import { type ScoredImage, withThreshold } from '../anomaly/thresholds.ts';
import { readDataRecord } from '../cyclegan/data-record.ts';
import type { RunFolder } from '../cyclegan/run-folder.ts';
import type { Dataset, ImageRef } from '../data/dataset.ts';
import { decodeImage } from '../data/image.ts';
import type { Device } from '../gpu/device.ts';
import { ImageDecoder, settleBroken } from './decode-images.ts';
import { showProgress } from './progress.ts';
import { tuneScoring } from './tuning.ts';

export interface EvaluateRunOptions {
  run: RunFolder;
  dataset: Dataset;
  skipBroken: boolean;
  quiet: boolean;
  /** Whether to look for the fastest kernels first. */
  tune: boolean;
  /** Of how many images to keep pictures, evenly spread over all. */
  pictures: number;
  /** The user's threshold for the score that decides, instead of the calibrated one. */
  threshold?: number | undefined;
  /** The largest side of a tile of images larger than the run's size; without, images are shrunk to it. */
  tile?: number | undefined;
}

/** Of how many images of each class hiding is checked, evenly spread over all. */
const HIDING_CHECKED = 16;

export interface EvaluatedRun {
  evaluation: Evaluation;
  steganography: Steganography;
  /** By the `file` of the evaluation's images. */
  pictures: Map<string, ResultPictures>;
  /** Absolute paths of the true masks, by file. */
  masks: Map<string, string>;
  /** Images of the data set that were not judged because they trained or calibrated the run. */
  leftOut: number;
}

/** Scores the images of a data set that a run can be evaluated on, and says how well it does. */
export async function evaluateRun(device: Device, options: EvaluateRunOptions): Promise<EvaluatedRun> {
  const { run, dataset, skipBroken, quiet } = options;
  const calibration = withThreshold(readCalibration(run), options.threshold);
  const { judged, leftOut } = imagesToJudge(dataset, readDataRecord(run.data));
  const decoder = new ImageDecoder(
    judged.map(({ ref }) => ref),
    skipBroken,
  );
  const seen = new Set(judged.flatMap(({ ref, seenInTraining }) => (seenInTraining ? [ref.file] : [])));
  const every = Math.max(1, judged.length / Math.max(1, options.pictures));
  const wantsPictures = (index: number) => options.pictures > 0 && Math.floor(index % every) === 0;

  const images: ScoredImage[] = [];
  const pictures = new Map<string, ResultPictures>();
  const detector = openDetector(device, run, options.tile);
  await tuneScoring(detector, options);
  const display = showProgress('scoring', judged.length, quiet);
  let steganography: Steganography;
  try {
    try {
      for await (const result of scoreImages(detector, decoder.images(), wantsPictures)) {
        const ref = decoder.good[images.length];
        if (!ref) throw new Error('An image was scored that was not decoded.');
        const { file, label, type, group } = ref;
        const known = { ...(type && { type }), ...(group && { group }), seenInTraining: seen.has(file) };
        images.push({ file, label, ...known, scores: result.scores });
        if (result.pictures) pictures.set(file, result.pictures);
        display.update(images.length, 'images');
      }
    } finally {
      display.stop();
    }
    settleBroken(decoder, skipBroken, (line) => !quiet && process.stderr.write(`${line}\n`));
    steganography = await checkSteganography(detector, imagesToCheck(decoder.good));
  } finally {
    detector.dispose();
  }
  const skipped = decoder.broken.map(({ ref, reason }) => ({ file: ref.file, reason }));
  return {
    steganography,
    evaluation: summarise(images, SCORE_INFOS, calibration, skipped),
    pictures,
    masks: new Map(judged.flatMap(({ ref }) => (ref.mask ? [[ref.file, ref.mask]] : []))),
    leftOut,
  };
}

function* imagesToCheck(refs: readonly ImageRef[]): Generator<CheckedImage> {
  for (const label of ['normal', 'abnormal'] as const) {
    const own = refs.filter((ref) => ref.label === label);
    const every = Math.max(1, own.length / HIDING_CHECKED);
    for (const { path, mask } of own.filter((_, i) => Math.floor(i % every) === 0)) {
      yield { label, image: decodeImage(path), mask: mask === undefined ? null : decodeImage(mask) };
    }
  }
}
