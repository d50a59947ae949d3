import { readCalibration } from '../anomaly/calibration.ts';
import { openDetector } from '../anomaly/detector.ts';
import { type Evaluation, summarise } from '../anomaly/evaluation.ts';
import { type HeatmapCalibration, hotImages, requireHeatmap } from '../anomaly/heatmap-scale.ts';
import { imagesToJudge } from '../anomaly/judged-images.ts';
import { comparePairs, type ImagePair, type PairReport } from '../anomaly/pairs.ts';
import { type ResultPictures, scoreImages } from '../anomaly/score-images.ts';
import { SCORE_INFOS } from '../anomaly/scores.ts';
import { type CheckedImage, checkSteganography, type Steganography } from '../anomaly/steganography.ts';
import { type Calibration, type ScoredImage, withThreshold } from '../anomaly/thresholds.ts';
import { type PixelReport, Where } from '../anomaly/where.ts';
import { readDataRecord } from '../cyclegan/data-record.ts';
import type { RunFolder } from '../cyclegan/run-folder.ts';
import type { Dataset, ImageRef } from '../data/dataset.ts';
import { decodeImage } from '../data/image.ts';
import type { Device } from '../gpu/device.ts';
import { withReadableCompanions } from './companions.ts';
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

/** What is hot in heat maps, on which part it was chosen, and how many of the images have a hot pixel. */
export interface HeatmapReport extends HeatmapCalibration {
  chosenOn: Calibration['chosenOn'];
  normal: { hot: number; total: number };
  abnormal: { hot: number; total: number };
}

export interface EvaluatedRun {
  evaluation: Evaluation;
  steganography: Steganography;
  heatmap: HeatmapReport;
  /** Null where no judged image has a mask. */
  pixels: PixelReport | null;
  /** Null where no judged image has a template. */
  pairs: PairReport | null;
  /** By the `file` of the evaluation's images. */
  pictures: Map<string, ResultPictures>;
  /** Absolute paths of the true masks that can be read, by file. */
  masks: Map<string, string>;
  /** Images of the data set that were not judged because they trained or calibrated the run. */
  leftOut: number;
}

/** Scores the images of a data set that a run can be evaluated on, and says how well it does. */
export async function evaluateRun(device: Device, options: EvaluateRunOptions): Promise<EvaluatedRun> {
  const { run, dataset, skipBroken, quiet } = options;
  const calibration = withThreshold(readCalibration(run), options.threshold);
  const heatmap = requireHeatmap(calibration, run.root);
  const warn = (line: string) => !quiet && process.stderr.write(`${line}\n`);
  const { judged, leftOut } = imagesToJudge(dataset, readDataRecord(run.data));
  const refs = withReadableCompanions(
    judged.map(({ ref }) => ref),
    skipBroken,
    warn,
  );
  const decoder = new ImageDecoder(refs, skipBroken);
  const where = new Where(refs, heatmap.threshold);
  const seen = new Set(judged.flatMap(({ ref, seenInTraining }) => (seenInTraining ? [ref.file] : [])));
  const every = Math.max(1, judged.length / Math.max(1, options.pictures));
  const keepsPictures = (index: number) => options.pictures > 0 && Math.floor(index % every) === 0;
  const wantsPictures = (index: number) => {
    const ref = decoder.good[index];
    return keepsPictures(index) || (ref !== undefined && where.wants(ref));
  };

  const images: ScoredImage[] = [];
  const pictures = new Map<string, ResultPictures>();
  const detector = openDetector(device, run, options.tile);
  await tuneScoring(detector, options);
  const display = showProgress('scoring', judged.length, quiet);
  let steganography: Steganography;
  let pairs: PairReport | null;
  try {
    try {
      for await (const result of scoreImages(detector, decoder.images(), wantsPictures)) {
        const ref = decoder.good[images.length];
        if (!ref) throw new Error('An image was scored that was not decoded.');
        const { file, label, type } = ref;
        if (result.pictures && keepsPictures(images.length)) pictures.set(file, result.pictures);
        where.add(ref, result.pictures);
        images.push({ file, label, ...(type && { type }), scores: result.scores, seenInTraining: seen.has(file) });
        display.update(images.length, 'images');
      }
    } finally {
      display.stop();
    }
    settleBroken(decoder, skipBroken, warn);
    steganography = await checkSteganography(detector, imagesToCheck(decoder.good));
    pairs = await comparePairs(detector, pairsOf(decoder.good));
  } finally {
    detector.dispose();
  }
  const skipped = decoder.broken.map(({ ref, reason }) => ({ file: ref.file, reason }));
  return {
    steganography,
    heatmap: {
      ...heatmap,
      chosenOn: calibration.chosenOn,
      normal: hotImages(images, 'normal', heatmap),
      abnormal: hotImages(images, 'abnormal', heatmap),
    },
    pixels: where.report(images.some(({ seenInTraining }) => seenInTraining)),
    pairs,
    evaluation: summarise(images, SCORE_INFOS, calibration, skipped),
    pictures,
    masks: new Map(refs.flatMap(({ file, mask }) => (mask ? [[file, mask]] : []))),
    leftOut,
  };
}

function* pairsOf(refs: readonly ImageRef[]): Generator<ImagePair> {
  for (const { path, pair } of refs) {
    if (pair !== undefined) yield { image: decodeImage(path), template: decodeImage(pair) };
  }
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
