import { resolve } from 'node:path';
import { requireHeatmap, withThreshold } from '../../anomaly/calibration/calibration.ts';
import { scoresOf } from '../../anomaly/calibration/combined-score.ts';
import { picturesOf } from '../../anomaly/detector/score-images.ts';
import { type BaselineReport, reportBaseline } from '../../anomaly/evaluation/baseline-report.ts';
import { type Evaluation, isFlagged, summarise, verdictOf } from '../../anomaly/evaluation/evaluation.ts';
import { type HeatmapReport, reportHeatmap } from '../../anomaly/evaluation/heatmap-report.ts';
import { imagesToJudge } from '../../anomaly/evaluation/judged-images.ts';
import { checkLearned, type Learned } from '../../anomaly/evaluation/learned.ts';
import { hottestOf } from '../../anomaly/evaluation/map-merits.ts';
import { comparePairs, type ImagePair, type PairReport } from '../../anomaly/evaluation/pairs.ts';
import { PixelEvaluation, type PixelReport } from '../../anomaly/evaluation/pixel-evaluation.ts';
import { type CheckedImage, checkSteganography, type Steganography } from '../../anomaly/evaluation/steganography.ts';
import { requireMap } from '../../anomaly/maps/list.ts';
import { type ImageStatistics, imageStatistics } from '../../anomaly/scores/image-statistics.ts';
import { scoresFor } from '../../anomaly/scores/list.ts';
import type { ScoredImage } from '../../anomaly/scores/scored-image.ts';
import type { TrainingConfig } from '../../cyclegan/config.ts';
import type { Position } from '../../cyclegan/run/position.ts';
import type { RunFolder } from '../../cyclegan/run/run-folder.ts';
import { type Dataset, type ImageRef, LABELS } from '../../data/datasets/dataset.ts';
import { decodeImage } from '../../data/images/decode.ts';
import type { DecodedImage } from '../../data/images/decoded-image.ts';
import { readMask } from '../../data/images/mask.ts';
import type { ValueRange } from '../../data/images/value-range.ts';
import type { Device } from '../../gpu/device.ts';
import type { AdapterInfo } from '../../gpu/host/adapter.ts';
import { KeptPictures } from '../../report/parts/kept-pictures.ts';
import { encodePictures } from '../../report/parts/pictures.ts';
import type { Listener } from '../common/listener.ts';
import type { TrainedModel } from '../common/model.ts';
import { tuneScoring } from '../common/tuning.ts';
import { withReadableCompanions } from '../images/companions.ts';
import { type BrokenFile, ImageDecoder, settleBroken } from '../images/decode-images.ts';
import { warnOfOtherDecoder } from '../images/other-decoder.ts';
import { type ScoredRef, scoredImage, scoreRefs } from '../images/score-refs.ts';
import { windowNote } from '../images/window-note.ts';

interface EvaluateRunOptions extends Listener {
  model: TrainedModel;
  dataset: Dataset;
  skipBroken: boolean;
  /** Whether to look for the fastest kernels first. */
  tune: boolean;
  /** How many bytes of a page pictures may take; 0 for none. */
  pictures: number;
  /** The user's threshold for the score that decides, instead of the calibrated one. */
  threshold?: number | undefined;
  /** The map that heat maps show, instead of the calibrated one. */
  map?: string | undefined;
  /** The largest side of a tile of images larger than the run's size; without it, images are shrunk to it. */
  tile?: number | undefined;
}

/** The check for hiding takes so many images of each class, evenly spread over all. */
const HIDING_CHECKED = 16;

export interface EvaluatedRun {
  /** What was judged by what, and where. */
  source: {
    /** The model file or run folder, and the data folder: absolute paths. */
    model: string;
    data: string;
    /** Null for a model file that was given alone. */
    run: RunFolder | null;
    /** How the networks that judged were trained, and how far; null likewise. */
    training: { config: TrainingConfig; position: Position } | null;
    device: Pick<AdapterInfo, 'name'>;
  };
  evaluation: Evaluation;
  /** Null for a model that was calibrated before there was one. */
  baseline: BaselineReport | null;
  steganography: Steganography;
  learned: Learned;
  heatmap: HeatmapReport;
  /** Null where no judged image has a mask. */
  pixels: PixelReport | null;
  /** Null where no judged image has a template. */
  pairs: PairReport | null;
  pictures: KeptPictures;
  /** Images of the data set that were not judged because they trained or calibrated the run. */
  leftOut: number;
}

/** Scores the images of a data set that a model can be evaluated on, and says how well it does. @returns null when the signal stopped it */
export async function evaluateRun(device: Device, options: EvaluateRunOptions): Promise<EvaluatedRun | null> {
  const { model, dataset, skipBroken, signal, onProgress, onWarning } = options;
  const calibration = withThreshold(model.calibration, options.threshold);
  const heatmap = requireHeatmap(calibration, model.source, options.map);
  const map = requireMap(heatmap.map);
  const { judged, leftOut } = imagesToJudge(dataset, model.seen);
  const refs = await withReadableCompanions(
    judged.map(({ ref }) => ref),
    skipBroken,
    onWarning,
  );
  const statistics = new Map<string, ImageStatistics>();
  const where = new PixelEvaluation(refs, heatmap.threshold);
  const seen = new Set(judged.flatMap(({ ref, seenInTraining }) => (seenInTraining ? [ref.file] : [])));
  const images: ScoredImage[] = [];
  const pictures = new KeptPictures(options.pictures);
  const keep = async (scored: ScoredRef) => {
    const { ref, scores: own } = scored;
    const made = picturesOf(scored, map.name);
    const score = own[calibration.chosen] ?? Number.NaN;
    const threshold = calibration.scores[calibration.chosen]?.threshold.value ?? Number.NaN;
    const verdict = verdictOf(ref.label, isFlagged(score, threshold));
    const image = { file: ref.file, verdict, score, threshold };
    if (made) await pictures.add(image, () => encodePictures(made, heatmap, ref.mask));
    else pictures.leaveOut(image);
  };
  const detector = model.open(device, options.tile);
  const calibrated = scoresOf(calibration);
  const isCalibrated = new Set(calibrated.map(({ info }) => info.name));
  // Folds of a segmenter alone calibrate no others; what these find here is told beside it.
  const scores = [...scoresFor(detector.networks).filter(({ info }) => !isCalibrated.has(info.name)), ...calibrated];
  const { loadSize, range } = detector.config;
  warnOfOtherDecoder(detector.config, refs, onWarning);
  const onImage = ({ file }: ImageRef, image: DecodedImage) => statistics.set(file, imageStatistics(image, loadSize));
  const decoder = new ImageDecoder(refs, { skipBroken, range, onImage, onDicomWindow: windowNote(onWarning) });
  // Images that can be read, and are too small or too large to be scored.
  const faults: BrokenFile[] = [];
  let good: readonly ImageRef[];
  let broken: readonly BrokenFile[];
  let steganography: Steganography;
  let pairs: PairReport | null;
  try {
    await tuneScoring(detector, options);
    const request = () => ({ scores, maps: [map], pictures: options.pictures > 0 });
    onProgress?.({ stage: 'scoring', done: 0, total: judged.length });
    for await (const scored of scoreRefs(detector, decoder, request, skipBroken ? { faults } : {})) {
      const { file } = scored.ref;
      const values = scored.maps[map.name] ?? new Float32Array();
      await keep(scored);
      await where.add(scored.ref, values, scored);
      const found = { hottest: hottestOf(values), seenInTraining: seen.has(file) };
      images.push({ ...scoredImage(scored, statistics.get(file)), ...found });
      onProgress?.({ stage: 'scoring', done: images.length, total: judged.length });
      if (signal?.aborted) return null;
    }
    const unscored = new Set(faults.map(({ ref }) => ref));
    good = decoder.good.filter((ref) => !unscored.has(ref));
    broken = [...decoder.broken, ...faults];
    settleBroken({ good, broken }, skipBroken, onWarning);
    steganography = await checkSteganography(detector, imagesToCheck(good, range), scores);
    pairs = await comparePairs(detector, pairsOf(good, range));
  } finally {
    detector.dispose();
  }
  const skipped = broken.map(({ ref: { file, label, type }, reason }) => ({
    ...{ file, label, reason },
    ...(type && { type }),
  }));
  const infos = scores.map(({ info }) => info);
  const evaluation = summarise(images, infos, calibration, skipped);
  return {
    source: {
      ...{ model: resolve(model.source), data: dataset.root, run: model.run, device: { name: device.info.name } },
      training: model.position && { config: model.config, position: model.position },
    },
    steganography,
    learned: checkLearned(calibration, steganography.change.normal),
    heatmap: reportHeatmap(images, heatmap, calibration.chosenOn),
    pixels: where.report(images.some(({ seenInTraining }) => seenInTraining)),
    pairs,
    evaluation,
    baseline: reportBaseline(images, calibration, evaluation),
    pictures,
    leftOut,
  };
}

/** Tells which of `count` indices to take, so that about `wanted` of them are taken, evenly spread. */
function evenlySpread(count: number, wanted: number): (index: number) => boolean {
  const every = Math.max(1, count / wanted);
  return (index) => Math.floor(index % every) === 0;
}

async function* pairsOf(refs: readonly ImageRef[], range: ValueRange): AsyncGenerator<ImagePair> {
  for (const { path, pair } of refs) {
    if (pair !== undefined) yield { image: await decodeImage(path, range), template: await decodeImage(pair, range) };
  }
}

async function* imagesToCheck(refs: readonly ImageRef[], range: ValueRange): AsyncGenerator<CheckedImage> {
  for (const label of LABELS) {
    const own = refs.filter((ref) => ref.label === label);
    const isSpread = evenlySpread(own.length, HIDING_CHECKED);
    for (const { path, mask } of own.filter((_, i) => isSpread(i))) {
      yield { label, image: await decodeImage(path, range), mask: mask === undefined ? null : await readMask(mask) };
    }
  }
}
