import { accessSync, constants, existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  type Calibration,
  DEFAULT_RULE,
  leadingOf,
  type Rule,
  withThreshold,
} from '../../anomaly/calibration/calibration.ts';
import { type FoldScores, readFoldScores } from '../../anomaly/calibration/fold-scores.ts';
import { calibrateHeatmap, type MapMerit, meanMerit } from '../../anomaly/calibration/heatmap-choice.ts';
import { likenessOf } from '../../anomaly/calibration/likeness.ts';
import { chooseThresholds } from '../../anomaly/calibration/thresholds.ts';
import type { DetectorNetworks } from '../../anomaly/detector/detector-networks.ts';
import { openCheckpointNetworks } from '../../anomaly/detector/run-networks.ts';
import type { ImageResult } from '../../anomaly/detector/score-images.ts';
import { writeCalibrated } from '../../anomaly/detector/stored-model.ts';
import { medianNormalChange } from '../../anomaly/evaluation/learned.ts';
import { heatStatistics, MapMerits } from '../../anomaly/evaluation/map-merits.ts';
import { heatMapCandidates, requireMap } from '../../anomaly/maps/list.ts';
import { dnPixels } from '../../anomaly/maps/logits.ts';
import { changedShare } from '../../anomaly/metrics/changed-share.ts';
import { type ImageForm, imageForm } from '../../anomaly/scores/image-form.ts';
import { type ImageStatistics, imageStatistics } from '../../anomaly/scores/image-statistics.ts';
import { isOfPixels, scoresFor } from '../../anomaly/scores/list.ts';
import type { ScoredImage } from '../../anomaly/scores/scored-image.ts';
import { openCheckpoint } from '../../cyclegan/run/checkpoint-head.ts';
import { hashBytes, readDataRecord, seenImages } from '../../cyclegan/run/data-record.ts';
import type { RunFolder } from '../../cyclegan/run/run-folder.ts';
import { type ImageRef, isNormalAlone } from '../../data/datasets/dataset.ts';
import { readDataset } from '../../data/datasets/layouts.ts';
import { fileError } from '../../data/files/fs-error.ts';
import type { DecodedImage } from '../../data/images/decoded-image.ts';
import type { Device } from '../../gpu/device.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import type { Listener } from '../common/listener.ts';
import { tuneScoring } from '../common/tuning.ts';
import { ImageDecoder, settleBroken } from '../images/decode-images.ts';
import type { GrayMasks } from '../images/gray-masks.ts';
import { type MaskFindings, readMasks } from '../images/read-masks.ts';
import { scoredImage, scoreRefs } from '../images/score-refs.ts';
import { DamagedCopies } from './damaged-copies.ts';

interface CalibrateRunOptions extends Listener {
  run: RunFolder;
  /** How thresholds are chosen; by {@link DEFAULT_RULE} unless told otherwise, and where damage stands for defects by accuracy. */
  rule?: Rule | undefined;
  /** The user's threshold for the score that decides, instead of the rule's. */
  threshold?: number | undefined;
  /** The map that heat maps show, instead of the one that calibration finds best. */
  map?: string | undefined;
  /** Where the data folder is now; by default where training found it. */
  data?: string | undefined;
  /** Whether to look for the fastest kernels first. */
  tune: boolean;
  /** Those that the command has read so far. */
  grayMasks: GrayMasks;
}

/**
 * Chooses score, thresholds and heat map of a run by nothing but the images that calibrate it, and keeps both in the run and in its model file.
 * A run of folds has their scores already; one without a calibration part takes its training images. Its calibration says so.
 *
 * @returns null when the signal stopped it; the run is then as it was
 * @throws CyclopsError when an image is missing or not the one that the run began with, and for a map that cannot be
 */
export async function calibrateRun(device: Device, options: CalibrateRunOptions): Promise<Calibration | null> {
  const { run, threshold, map } = options;
  const record = readDataRecord(run.data);
  const { images: recorded, hash: dataHash } = record;
  const checkpoint = openCheckpoint(run.checkpoint);
  const { step } = checkpoint.head.position;
  const detector = openCheckpointNetworks(device, checkpoint);
  try {
    const byFolds = existsSync(run.foldScores);
    const calibrates = recorded.some(({ part }) => part === 'calibration');
    const chosenOn = isNormalAlone({ images: recorded })
      ? 'damage'
      : byFolds
        ? 'folds'
        : calibrates
          ? 'calibration'
          : 'train';
    const scored = byFolds ? outOfFold(readFoldScores(run)) : await scoreRecorded(detector, options);
    if (!scored) return null;
    const { images, merits } = scored;
    // A version may compute scores that were not there yet when folds were scored.
    const infos = scoresFor(detector.networks)
      .map(({ info }) => info)
      .filter(({ name }) => !byFolds || images.every(({ scores }) => name in scores));
    // Of damage some is too faint for anyone to see, so that where nothing else calibrates a miss is no fault.
    const { rule = chosenOn === 'damage' ? 'max-accuracy' : DEFAULT_RULE } = options;
    const chosen = chooseThresholds(images, infos, { rule, chosenOn, dataHash }, meanMerit(merits));
    const normalChange = medianNormalChange(images);
    const heatmap = calibrateHeatmap(images, { merits, decides: leadingOf(chosen), wanted: map });
    const likeness = likenessOf(images);
    const measured = { ...(likeness && { likeness }), heatmap, ...(normalChange !== null && { normalChange }) };
    const calibration = withThreshold({ ...chosen, ...measured, step }, threshold);
    await writeCalibrated(run, detector, calibration, seenImages(record));
    return calibration;
  } finally {
    detector.dispose();
  }
}

/** Images that calibrate, scored, and how well maps find the defects of which there are masks. */
interface ScoredImages {
  images: ScoredImage[];
  /** One, or one for each fold. */
  merits: MapMerit[];
}

function outOfFold({ images, merits }: FoldScores): ScoredImages {
  return { images: images.flatMap(({ fold: _, scores, ...image }) => (scores ? [{ ...image, scores }] : [])), merits };
}

/** The masks of a data folder by the file of their image. Where it is no data folder any more, only a warning. */
function masksIn(root: string, warn: Listener['onWarning']): Map<string, string> {
  try {
    const { images } = readDataset(root);
    return new Map(images.flatMap(({ file, mask }) => (mask === undefined ? [] : [[file, mask]])));
  } catch (error) {
    if (!(error instanceof CyclopsError)) throw error;
    warn?.(`No masks choose the heat map: ${error.message}`);
    return new Map();
  }
}

function withMasks(recorded: readonly ImageRef[], root: string, warn: Listener['onWarning']): ImageRef[] {
  const masks = masksIn(root, warn);
  return recorded.map((ref) => {
    const mask = masks.get(ref.file);
    return mask === undefined ? ref : { ...ref, mask };
  });
}

function changeIn(pictures: ImageResult['pictures']): Pick<ScoredImage, 'change'> {
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
): Promise<ScoredImages | null> {
  const { run, map, grayMasks, signal, onProgress, onWarning } = options;
  const record = readDataRecord(run.data);
  const root = options.data === undefined ? record.root : resolve(options.data);
  const aside = record.images.filter(({ part }) => part === 'calibration');
  const recorded = aside.length > 0 ? aside : record.images;
  const hashes = new Map(recorded.map(({ file, sha256 }) => [file, sha256]));
  const given = recorded.map(({ file, label, group }): ImageRef => {
    const path = join(root, file);
    requireReadable(path);
    return { path, file, label, ...(group !== undefined && { group }) };
  });
  const { loadSize, range } = detector.config;
  const copies = isNormalAlone(record) ? new DamagedCopies(run, given, detector.config) : null;
  const refs = copies ? given : withMasks(given, root, onWarning);
  const statistics = new Map<string, ImageStatistics>();
  const forms = new Map<string, ImageForm>();
  const note = ({ file }: ImageRef, image: DecodedImage) => {
    statistics.set(file, imageStatistics(image, loadSize));
    forms.set(file, imageForm(image));
  };
  // Each image is read once: for its hash, its score and its damaged copy.
  const changed = new Set<ImageRef>();
  const decoder = new ImageDecoder(refs, {
    ...{ skipBroken: false, range },
    onBytes: (ref, bytes) => {
      if (hashBytes(bytes) !== hashes.get(ref.file)) changed.add(ref);
    },
    onImage: (ref, image) => {
      if (changed.has(ref)) throw notTheSame(ref, run);
      note(ref, image);
      copies?.make(ref, image);
    },
  });
  const total = refs.length + (copies?.refs.length ?? 0);
  const images: ScoredImage[] = [];
  await tuneScoring(detector, options);
  const { networks, manifest } = detector;
  const segmenterAlone = manifest.absent !== undefined;
  const scores = scoresFor(networks).filter(({ info }) => !segmenterAlone || isOfPixels(info.name, dnPixels.name));
  const candidates = segmenterAlone ? [dnPixels] : heatMapCandidates(networks);
  const asked = map === undefined || candidates.some(({ name }) => name === map) ? [] : [requireMap(map)];
  const maps = [...candidates, ...asked];
  const merits = new MapMerits();
  const found: MaskFindings = { broken: [], gray: grayMasks };
  const request = (ref: ImageRef) => ({
    scores,
    maps: MapMerits.wants(ref) ? maps : [],
    pictures: !segmenterAlone && ref.label === 'normal',
  });
  onProgress?.({ stage: 'calibration', done: 0, total });
  const decoders = [
    decoder,
    ...(copies ? [new ImageDecoder(copies.refs, { skipBroken: false, range, onImage: note })] : []),
  ];
  for (const each of decoders) {
    for await (const scored of scoreRefs(detector, each, request)) {
      const { ref, image } = scored;
      const form = forms.get(ref.file);
      if (ref.label === 'normal') merits.add(null, scored);
      else for await (const { mask } of readMasks([ref], new Map([[ref.file, image]]), found)) merits.add(mask, scored);
      images.push({
        ...scoredImage(scored, statistics.get(ref.file)),
        ...(form && { form }),
        ...changeIn(scored.pictures),
        ...(ref.label === 'normal' && { heat: heatStatistics(scored.maps) }),
      });
      onProgress?.({ stage: 'calibration', done: images.length, total });
      if (signal?.aborted) return null;
    }
    settleBroken(each, false);
  }
  settleBroken({ good: refs, broken: found.broken }, true, onWarning);
  grayMasks.tell(onWarning);
  return { images, merits: [merits.merit()] };
}

/** Before anything is judged, since looking costs little. */
function requireReadable(path: string): void {
  try {
    accessSync(path, constants.R_OK);
  } catch (error) {
    throw fileError(error, 'read', path);
  }
}

function notTheSame({ path }: ImageRef, run: RunFolder): CyclopsError {
  return new CyclopsError(
    `${path} is not the image that the run ${run.root} began with. Restore it, or say with --data where the images are.`,
  );
}
