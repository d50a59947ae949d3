import { decide as decideBy, requireHeatmap, unknownScore } from '../anomaly/calibration/calibration.ts';
import { scoresOf } from '../anomaly/calibration/combined-score.ts';
import type { HeatmapCalibration } from '../anomaly/calibration/heatmap-scale.ts';
import type { DetectorNetworks } from '../anomaly/detector/detector-networks.ts';
import { scoreName } from '../anomaly/detector/detector-options.ts';
import { picturesOf, type ResultPictures } from '../anomaly/detector/score-images.ts';
import { requireMap } from '../anomaly/maps/list.ts';
import { requireNetworks } from '../anomaly/scores/list.ts';
import type { ImageRef } from '../data/datasets/dataset.ts';
import { isFolder } from '../data/files/is-folder.ts';
import { isJpegFile } from '../data/images/read-stored.ts';
import type { ValueRange } from '../data/images/value-range.ts';
import type { Device } from '../gpu/device.ts';
import { CyclopsError, DeviceLostError } from '../gpu/errors.ts';
import { MOST_LOSSES, standIn } from './common/despite-losses.ts';
import type { Listener } from './common/listener.ts';
import { openModelFile, type TrainedModel } from './common/model.ts';
import { callback, checkOptions, flag, JUDGING, paths, RUNNING } from './common/options.ts';
import { tuneScoring } from './common/tuning.ts';
import { UsageError } from './common/usage-error.ts';
import { type DeviceOption, onDevice } from './common/with-device.ts';
import { doneBehind } from './images/behind.ts';
import { type BrokenFile, type DecoderOptions, ImageDecoder } from './images/decode-images.ts';
import { imagesAt } from './images/images-at.ts';
import { NewImages } from './images/new-images.ts';
import { otherDecoderWatch, warnOfOtherDecoder } from './images/other-decoder.ts';
import { type ScoredRef, scoreRefs } from './images/score-refs.ts';
import { windowNote } from './images/window-note.ts';

export interface ScoreOptions extends DeviceOption, Listener {
  /** Model file or run folder. */
  model: string;
  /** Image files, and folders of them with those below. */
  images: readonly string[];
  /**
   * Whether to score, in place of what lies there, the images that come into `images`, which is then one folder: each as soon as it is
   * whole, until the signal stops it. What cannot be read is a result once nothing has changed of it for ten seconds.
   */
  watch?: boolean | undefined;
  /** Whether links are followed that lead out of a folder of images; without, they are passed over. */
  followLinks?: boolean | undefined;
  /** The score that decides, by its name or as map and pooling, such as `residual5.max`; the one that calibration chose unless it is given. */
  by?: string | undefined;
  /** Flag from this score on, instead of the calibrated threshold. */
  threshold?: number | undefined;
  /** The map that heat maps show, one of those that were calibrated; the one that calibration chose unless it is given. */
  map?: string | undefined;
  /** The largest side of a tile of images larger than the model's size, a multiple of 4; without, images are shrunk to that size. */
  tile?: number | undefined;
  /** Whether every score is computed, not just the one that decides. */
  allScores?: boolean | undefined;
  /** Whether results hold pictures: the image, how the networks saw it, its reconstruction and its heat map. */
  pictures?: boolean | undefined;
  /**
   * What is to be done with each result before it is given out, such as to write its heat map: of several at once, while the next images
   * are judged. What it throws is thrown when the result's turn comes.
   */
  finish?: ((result: FileResult, decision: Decision) => Promise<void>) | undefined;
}

/** By what images are judged. */
export interface Decision {
  /** Name of the score that decides. */
  by: string;
  /** An image is flagged when its score is at least this. */
  threshold: number;
  /** Names of the scores that results hold. */
  scores: readonly string[];
  /** The map that heat maps show and what is hot in it; null for models without one. */
  heatmap: HeatmapCalibration | null;
}

/** What was found in one file. */
export type FileResult = ScoredFile | UnreadableFile;

export interface ScoredFile {
  /** The path that was given, or its path in the one folder that was; with the folder's path in front where there were several. */
  file: string;
  /** Absolute path. */
  path: string;
  status: 'flagged' | 'passed';
  /** The score that decides. */
  score: number;
  /** Scores by name. */
  scores: Readonly<Record<string, number>>;
  pictures: ResultPictures | null;
}

export interface UnreadableFile {
  file: string;
  path: string;
  status: 'unreadable';
  reason: string;
}

/** A model and the files that it judges, in order. Each result is given out as soon as it is done; nothing happens before the first is asked for. */
export interface Scoring extends AsyncIterable<FileResult> {
  readonly decision: Decision;
  /** The values of a file that are black and white for the model. */
  readonly range: ValueRange;
  /** File names and absolute paths; none where a folder is watched. */
  readonly files: readonly { file: string; path: string }[];
}

/**
 * Scores images one after another; files that cannot be read are among the results. The model is read and the files are listed at once.
 *
 * @throws UsageError for a score that the model does not have
 * @throws CyclopsError for a model or folders that cannot be read; while results are taken, where a score is not finite
 */
export function score(options: ScoreOptions): Scoring {
  const prepared = prepareScoring(options);
  return scoringOf(prepared, prepared.refs, options);
}

/** A model, what it decides by, and all images that it is asked to judge, before anything is judged. */
export interface PreparedScoring {
  model: TrainedModel;
  decision: Decision;
  refs: readonly ImageRef[];
  /** The folder that is watched, if one is. */
  folder: string | null;
}

/** @throws as {@link score} */
export function prepareScoring(options: ScoreOptions): PreparedScoring {
  checkOptions('score', options, {
    ...{ ...RUNNING, ...JUDGING, images: paths, by: scoreName },
    ...{ allScores: flag, pictures: flag, watch: flag, followLinks: flag, finish: callback },
  });
  const model = openModelFile(options.model);
  const decision = decide(model, options);
  const folder = options.watch ? requireFolder(options.images) : null;
  const refs = folder === null ? imagesAt(options.images, options.onWarning, options.followLinks) : [];
  warnOfOtherDecoder(model.config, refs, options.onWarning);
  return { model, decision, refs, folder };
}

/** Judges these of the images. */
export function scoringOf(
  { model, decision, folder }: PreparedScoring,
  refs: readonly ImageRef[],
  options: ScoreOptions,
): Scoring {
  const work = { model, decision, options };
  return {
    decision,
    range: model.config.range,
    files: refs.map(({ file, path }) => ({ file, path })),
    [Symbol.asyncIterator]: () =>
      onDevice(options, (device) =>
        folder === null ? scoreFiles(device, refs, work) : watchFolder(device, folder, work),
      ),
  };
}

interface Work extends Pick<DecoderOptions, 'onDicomWindow'> {
  model: TrainedModel;
  decision: Decision;
  options: ScoreOptions;
  /** Is told how far a large image is. */
  onWindow?: ((windows: { file: string; done: number; total: number }) => void) | undefined;
}

function withNote(work: Work): Work {
  return { ...work, onDicomWindow: windowNote(work.options.onWarning) };
}

async function* scoreFiles(device: Device, refs: readonly ImageRef[], work: Work): AsyncGenerator<FileResult> {
  const { onProgress } = work.options;
  const judge = new Judge(device, withNote(work));
  try {
    await judge.open();
    let done = 0;
    const told = { stage: 'scoring', total: refs.length } as const;
    onProgress?.({ ...told, done });
    const onWindow: Work['onWindow'] = (windows) => onProgress?.({ ...told, done, windows });
    for await (const result of judge.results(refs, onWindow)) {
      onProgress?.({ ...told, done: ++done });
      yield result;
    }
  } finally {
    judge.dispose();
  }
}

async function* watchFolder(device: Device, folder: string, work: Work): AsyncGenerator<FileResult> {
  const coming = new NewImages(folder, work.options);
  /** Whether a file that cannot be read may not be whole yet: it is judged again later, and this is no result. */
  const isEarly = (result: FileResult) => result.status === 'unreadable' && coming.takeBack(result.path);
  const { finish } = work.options;
  const finishWhole: typeof finish = async (result, decision) => {
    if (!isEarly(result)) await finish?.(result, decision);
  };
  const judge = new Judge(device, { ...withNote(work), options: { ...work.options, finish: finish && finishWhole } });
  /** Images that came and have no result. */
  let left = 0;
  try {
    await judge.open();
    const see = otherDecoderWatch(work.model.config, work.options.onWarning);
    for await (const refs of coming) {
      left += refs.length;
      for (const { path } of refs) see(() => isJpegFile(path));
      for await (const result of judge.results(refs)) {
        left -= 1;
        if (!isEarly(result)) yield result;
      }
    }
    left += coming.waiting();
    if (left > 0)
      work.options.onWarning?.(
        `${left === 1 ? '1 image' : `${left} images`} that came into ${folder} at the end ${left === 1 ? 'was' : 'were'} not judged.`,
      );
  } finally {
    judge.dispose();
  }
}

/** An image that the device is lost with as often, while no other is judged, is given up. */
const MOST_LOSSES_OF_AN_IMAGE = 2;

/** A loss that any image of a batch may have caused, and two images that are given up. */
const MOST_LOSSES_IN_A_ROW = 1 + 2 * MOST_LOSSES_OF_AN_IMAGE;

/** At most so many images have no result yet while one is judged: those of two batches, and those whose heat maps are being written. */
const IMAGES_IN_HAND = 32;

/** A detector that is opened anew, on a device like its own, where that is lost. */
class Judge {
  private device: Device;
  private detector: DetectorNetworks | null = null;

  constructor(
    private readonly own: Device,
    private readonly work: Work,
  ) {
    this.device = own;
  }

  /** The detector, opened unless it is. @throws DeviceLostError when the device is lost too often meanwhile */
  async open(): Promise<DetectorNetworks> {
    for (let losses = 0; this.detector === null; ) {
      try {
        this.detector = await openDetector(this.device, this.work);
      } catch (error) {
        losses += 1;
        if (!(error instanceof DeviceLostError) || losses > MOST_LOSSES) throw error;
        await this.replace(`${error.message} It is opened anew.`);
      }
    }
    return this.detector;
  }

  /**
   * Results in the order of the images. Where the device is lost, those without a result are judged anew, one by one; one that it is lost
   * with twice is given up, since it may be what the device does not survive.
   *
   * @throws DeviceLostError when it is lost too often without a result in between
   */
  async *results(refs: readonly ImageRef[], onWindow?: Work['onWindow']): AsyncGenerator<FileResult> {
    let [losses, lossesOfFirst, oneByOne] = [0, 0, 0];
    for (let rest = refs; rest.length > 0; ) {
      const asked = oneByOne > 0 ? rest.slice(0, 1) : rest;
      let done = 0;
      const detector = await this.open();
      try {
        for await (const result of finished(detector, asked, { ...this.work, onWindow })) {
          yield result;
          done += 1;
        }
        if (done < asked.length) return;
        rest = rest.slice(done);
        [losses, lossesOfFirst, oneByOne] = [0, 0, oneByOne - 1];
      } catch (error) {
        if (!(error instanceof DeviceLostError)) throw error;
        losses = done > 0 ? 1 : losses + 1;
        lossesOfFirst = asked.length === 1 ? lossesOfFirst + 1 : 0;
        oneByOne = IMAGES_IN_HAND;
        if (losses > MOST_LOSSES_IN_A_ROW) throw error;
        rest = rest.slice(done);
        const [first] = rest;
        if (!first) return;
        const isGivenUp = lossesOfFirst === MOST_LOSSES_OF_AN_IMAGE;
        const next = isGivenUp ? `${first.file} is left out` : `The scoring goes on with ${first.file}`;
        await this.replace(`${error.message} It is opened anew. ${next}.`);
        if (!isGivenUp) continue;
        const reason = `${first.path} cannot be scored: the device was lost ${lossesOfFirst} times while this image alone was judged. Score it with --tile, or on another device.`;
        yield { file: first.file, path: first.path, status: 'unreadable', reason };
        rest = rest.slice(1);
        lossesOfFirst = 0;
      }
    }
  }

  dispose(): void {
    this.detector?.dispose();
    this.detector = null;
    if (this.device !== this.own) this.device.close();
  }

  private async replace(warning: string): Promise<void> {
    this.work.options.onWarning?.(warning);
    this.dispose();
    this.device = await standIn(this.own);
  }
}

async function openDetector(device: Device, { model, decision, options }: Work): Promise<DetectorNetworks> {
  const detector = model.open(device, options.tile);
  try {
    requireNetworks(scoresOf(model.calibration, decision.by), detector.networks);
    await tuneScoring(detector, { ...options, tune: options.tune ?? true });
    return detector;
  } catch (error) {
    detector.dispose();
    throw error;
  }
}

/** Results with which is done what is to be done. */
function finished(detector: DetectorNetworks, refs: readonly ImageRef[], work: Work): AsyncIterable<FileResult> {
  const results = judged(detector, refs, work);
  const { decision, options } = work;
  const { finish } = options;
  return finish ? doneBehind(results, { work: (result) => finish(result, decision), bytesOf: bytesToFinish }) : results;
}

/** Of a picture and what is made of it: painted, and made ready to be compressed. */
function bytesToFinish(result: FileResult): number {
  if (result.status === 'unreadable' || !result.pictures) return 0;
  const { width, height, pixels } = result.pictures.original;
  return pixels.byteLength + 3 * 3 * width * height;
}

/** Until the signal stops it. */
async function* judged(
  detector: DetectorNetworks,
  refs: readonly ImageRef[],
  { model, decision, options, onWindow, onDicomWindow }: Work,
): AsyncGenerator<FileResult> {
  const { pictures = false } = options;
  const wanted = scoresOf(model.calibration, decision.by).filter(({ info }) => decision.scores.includes(info.name));
  const maps = pictures && decision.heatmap ? [requireMap(decision.heatmap.map)] : [];
  const decoder = new ImageDecoder(refs, { skipBroken: true, range: detector.config.range, onDicomWindow });
  const faults: BrokenFile[] = [];
  const request = ({ file }: ImageRef) => ({
    ...{ scores: wanted, maps, pictures },
    onWindow: onWindow && ((done: number, total: number) => onWindow({ file, done, total })),
  });
  const scored = scoreRefs(detector, decoder, request, { faults, ofAnySize: detector.tile !== null });
  for await (const { ref, found } of inOrder(refs, scored)) {
    yield found ? verdictOn(found, decision, model.source) : unreadable(ref, [...decoder.broken, ...faults]);
    if (options.signal?.aborted) return;
  }
}

/** @throws UsageError unless it is one folder */
function requireFolder(paths: readonly string[]): string {
  const [folder, ...more] = paths;
  if (folder !== undefined && more.length === 0 && isFolder(folder)) return folder;
  throw new UsageError(
    `One folder can be watched; got ${paths.join(', ') || 'none'}. Give the folder that new images come into.`,
  );
}

/** Every image in order, as soon as it is known whether it can be read: what was found in it, or null. */
async function* inOrder(
  refs: readonly ImageRef[],
  scored: AsyncIterable<ScoredRef>,
): AsyncGenerator<{ ref: ImageRef; found: ScoredRef | null }> {
  const waiting = refs.values();
  for await (const found of scored) {
    for (let ref = waiting.next().value; ref && ref !== found.ref; ref = waiting.next().value)
      yield { ref, found: null };
    yield { ref: found.ref, found };
  }
  for (const ref of waiting) yield { ref, found: null };
}

function verdictOn(found: ScoredRef, { by, threshold, heatmap }: Decision, source: string): ScoredFile {
  const { ref, scores } = found;
  const { file, path } = ref;
  const pictures = heatmap && picturesOf(found, heatmap.map);
  const score = scores[by];
  if (score === undefined || !Number.isFinite(score)) {
    throw new CyclopsError(
      `The score ${by} of ${file} is ${score}; expected a finite number. The weights of ${source} diverged; train again.`,
    );
  }
  return { file, path, status: score >= threshold ? 'flagged' : 'passed', score, scores, pictures };
}

function unreadable(ref: ImageRef, broken: readonly BrokenFile[]): UnreadableFile {
  const reason = broken.find((other) => other.ref === ref)?.reason ?? 'it could not be read';
  return { file: ref.file, path: ref.path, status: 'unreadable', reason };
}

function decide({ source, calibration }: TrainedModel, options: ScoreOptions): Decision {
  const { allScores, pictures, map } = options;
  const needsMap = pictures || map !== undefined;
  const heatmap = needsMap ? requireHeatmap(calibration, source, map) : (calibration.heatmap ?? null);
  const decision = decideBy(calibration, options);
  if (!decision) throw new UsageError(unknownScore(calibration, options.by ?? calibration.chosen, source));
  const names = scoresOf(calibration, decision.by).map(({ info }) => info.name);
  return { ...decision, scores: allScores ? names : [decision.by], heatmap };
}
