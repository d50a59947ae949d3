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
import { PairComparison, type PairReport } from '../../anomaly/evaluation/pairs.ts';
import { PixelEvaluation, type PixelReport } from '../../anomaly/evaluation/pixel-evaluation.ts';
import { type Steganography, SteganographyCheck } from '../../anomaly/evaluation/steganography.ts';
import { requireMap } from '../../anomaly/maps/list.ts';
import { type ImageStatistics, imageStatistics } from '../../anomaly/scores/image-statistics.ts';
import { scoresFor } from '../../anomaly/scores/list.ts';
import type { ScoredImage } from '../../anomaly/scores/scored-image.ts';
import { isEvenedOut, type TrainingConfig } from '../../cyclegan/config.ts';
import { fingerprint, hashBytes } from '../../cyclegan/run/data-record.ts';
import type { Position } from '../../cyclegan/run/position.ts';
import type { RunFolder } from '../../cyclegan/run/run-folder.ts';
import { type Dataset, type ImageRef, LABELS } from '../../data/datasets/dataset.ts';
import { decodeImage } from '../../data/images/decode.ts';
import type { DecodedImage } from '../../data/images/decoded-image.ts';
import type { Mask } from '../../data/images/mask.ts';
import type { Device } from '../../gpu/device.ts';
import type { AdapterInfo } from '../../gpu/host/adapter.ts';
import { KeptPictures } from '../../report/parts/kept-pictures.ts';
import { encodePictures } from '../../report/parts/pictures.ts';
import type { Listener } from '../common/listener.ts';
import type { TrainedModel } from '../common/model.ts';
import { tuneScoring } from '../common/tuning.ts';
import { readCompanions } from '../images/companions.ts';
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
  const { refs, masks } = await readCompanions(judged, skipBroken, onWarning);
  const statistics = new Map<string, ImageStatistics>();
  const where = new PixelEvaluation(refs, heatmap.threshold);
  const trained = new Set(model.seen);
  const seen = new Set<string>();
  const images: ScoredImage[] = [];
  const pictures = new KeptPictures(options.pictures);
  const keep = async (scored: ScoredRef, mask: Mask | null) => {
    const { ref, scores: own } = scored;
    const made = picturesOf(scored, map.name);
    const score = own[calibration.chosen] ?? Number.NaN;
    const threshold = calibration.scores[calibration.chosen]?.threshold.value ?? Number.NaN;
    const verdict = verdictOf(ref.label, isFlagged(score, threshold));
    const image = { file: ref.file, verdict, score, threshold };
    if (made) await pictures.add(image, () => encodePictures(made, heatmap, mask, isEvenedOut(detector.config)));
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
  const onBytes = ({ file }: ImageRef, bytes: Uint8Array) => {
    if (trained.has(fingerprint(hashBytes(bytes)))) seen.add(file);
  };
  const decoder = new ImageDecoder(refs, { skipBroken, range, onImage, onBytes, onDicomWindow: windowNote(onWarning) });
  const checked = imagesToCheck(refs);
  const hiding = new SteganographyCheck(detector, scores);
  const pairs = new PairComparison(detector);
  // Images that can be read, and are too small or too large to be scored.
  const faults: BrokenFile[] = [];
  let broken: readonly BrokenFile[];
  try {
    await tuneScoring(detector, options);
    const request = () => ({ scores, maps: [map], pictures: options.pictures > 0 });
    onProgress?.({ stage: 'scoring', done: 0, total: judged.length });
    for await (const scored of scoreRefs(detector, decoder, request, skipBroken ? { faults } : {})) {
      const { ref, image } = scored;
      const { file, label, pair } = ref;
      const values = scored.maps[map.name] ?? new Float32Array();
      const mask = await masks.take(ref);
      await keep(scored, mask);
      where.add(ref, mask, values, scored);
      // While it is there, so that it need not be read again. One that is read part by part never comes here.
      if ('pixels' in image) {
        const place = checked.get(ref);
        if (place !== undefined) await hiding.add(place, { label, image, mask });
        if (pair !== undefined) await pairs.add({ image, template: await decodeImage(pair, range) });
      }
      const found = { hottest: hottestOf(values), seenInTraining: seen.has(file) };
      images.push({ ...scoredImage(scored, statistics.get(file)), ...found });
      onProgress?.({ stage: 'scoring', done: images.length, total: judged.length });
      if (signal?.aborted) return null;
    }
    const unscored = new Set(faults.map(({ ref }) => ref));
    const good = decoder.good.filter((ref) => !unscored.has(ref));
    broken = [...decoder.broken, ...faults];
    settleBroken({ good, broken }, skipBroken, onWarning);
  } finally {
    detector.dispose();
  }
  const skipped = broken.map(({ ref: { file, label, type }, reason }) => ({
    ...{ file, label, reason },
    ...(type && { type }),
  }));
  const infos = scores.map(({ info }) => info);
  const evaluation = summarise(images, infos, calibration, skipped);
  const steganography = hiding.report();
  return {
    source: {
      ...{ model: resolve(model.source), data: dataset.root, run: model.run, device: { name: device.info.name } },
      training: model.position && { config: model.config, position: model.position },
    },
    steganography,
    learned: checkLearned(calibration, steganography.change.normal),
    heatmap: reportHeatmap(images, heatmap, calibration.chosenOn),
    pixels: where.report(images.some(({ seenInTraining }) => seenInTraining)),
    pairs: pairs.report(),
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

/** The images to check for hiding, each with its place among them. */
function imagesToCheck(refs: readonly ImageRef[]): Map<ImageRef, number> {
  const checked = LABELS.flatMap((label) => {
    const own = refs.filter((ref) => ref.label === label);
    const isSpread = evenlySpread(own.length, HIDING_CHECKED);
    return own.filter((_, i) => isSpread(i));
  });
  return new Map(checked.map((ref, place) => [ref, place]));
}
