import { type BaselineReport, reportBaseline } from '../anomaly/baseline.ts';
import { scoresOf } from '../anomaly/combined-score.ts';
import { type Evaluation, summarise } from '../anomaly/evaluation.ts';
import { type HeatmapReport, reportHeatmap, requireHeatmap } from '../anomaly/heatmap-scale.ts';
import { type ImageStatistics, imageStatistics } from '../anomaly/image-statistics.ts';
import { imagesToJudge } from '../anomaly/judged-images.ts';
import { comparePairs, type ImagePair, type PairReport } from '../anomaly/pairs.ts';
import { type ResultPictures, scoreImages } from '../anomaly/score-images.ts';
import { type CheckedImage, checkSteganography, type Steganography } from '../anomaly/steganography.ts';
import { type ScoredImage, withThreshold } from '../anomaly/thresholds.ts';
import { type PixelReport, Where } from '../anomaly/where.ts';
import type { Dataset, ImageRef } from '../data/dataset.ts';
import { decodeImage } from '../data/image.ts';
import type { Device } from '../gpu/device.ts';
import { withReadableCompanions } from './companions.ts';
import { ImageDecoder, settleBroken } from './decode-images.ts';
import type { Judge } from './judge.ts';
import { showProgress } from './progress.ts';
import { tuneScoring } from './tuning.ts';

export interface EvaluateRunOptions {
  judge: Judge;
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
  /** Null for a model that was calibrated before there was one. */
  baseline: BaselineReport | null;
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

/** Scores the images of a data set that a model can be evaluated on, and says how well it does. */
export async function evaluateRun(device: Device, options: EvaluateRunOptions): Promise<EvaluatedRun> {
  const { judge, dataset, skipBroken, quiet } = options;
  const calibration = withThreshold(judge.calibration, options.threshold);
  const scores = scoresOf(calibration);
  const heatmap = requireHeatmap(calibration, judge.source);
  const warn = (line: string) => !quiet && process.stderr.write(`${line}\n`);
  const { judged, leftOut } = imagesToJudge(dataset, judge.seen);
  const refs = withReadableCompanions(
    judged.map(({ ref }) => ref),
    skipBroken,
    warn,
  );
  const statistics = new Map<string, ImageStatistics>();
  const decoder = new ImageDecoder(refs, skipBroken, ({ file }, image) =>
    statistics.set(file, imageStatistics(image, detector.config.loadSize)),
  );
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
  const detector = judge.open(device, options.tile);
  await tuneScoring(detector, options);
  const display = showProgress('scoring', judged.length, quiet);
  let steganography: Steganography;
  let pairs: PairReport | null;
  try {
    try {
      for await (const result of scoreImages(detector, decoder.images(), wantsPictures, scores)) {
        const ref = decoder.good[images.length];
        if (!ref) throw new Error('An image was scored that was not decoded.');
        const { file, label, type, group } = ref;
        const own = statistics.get(file);
        const known = { ...(type && { type }), ...(group && { group }), ...(own && { statistics: own }) };
        if (result.pictures && keepsPictures(images.length)) pictures.set(file, result.pictures);
        where.add(ref, result.pictures);
        images.push({ file, label, ...known, seenInTraining: seen.has(file), scores: result.scores });
        display.update(images.length, 'images');
      }
    } finally {
      display.stop();
    }
    settleBroken(decoder, skipBroken, warn);
    steganography = await checkSteganography(detector, imagesToCheck(decoder.good), scores);
    pairs = await comparePairs(detector, pairsOf(decoder.good));
  } finally {
    detector.dispose();
  }
  const skipped = decoder.broken.map(({ ref, reason }) => ({ file: ref.file, reason }));
  const infos = scores.map(({ info }) => info);
  const evaluation = summarise(images, infos, calibration, skipped);
  return {
    steganography,
    heatmap: reportHeatmap(images, heatmap, calibration.chosenOn),
    pixels: where.report(images.some(({ seenInTraining }) => seenInTraining)),
    pairs,
    evaluation,
    baseline: reportBaseline(images, calibration, evaluation),
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
