import * as v from 'valibot';
import { optionProblem } from '../../data/files/json.ts';
import { yesOrNo } from '../../data/files/schema.ts';
import type { Size } from '../../data/images/bank.ts';
import type { DecodedImage } from '../../data/images/decoded-image.ts';
import { Room, type Take } from '../../data/images/room.ts';
import type { StoredImage } from '../../data/images/stored-image.ts';
import { toLevels, type ValueRange } from '../../data/images/value-range.ts';
import { Device } from '../../gpu/device.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { decisionOf, requireHeatmap } from '../calibration/calibration.ts';
import { scoresOf } from '../calibration/combined-score.ts';
import type { HeatmapCalibration } from '../calibration/heatmap-scale.ts';
import { type Likeness, unlikeness } from '../calibration/likeness.ts';
import { RESIDUAL5, requireMap } from '../maps/list.ts';
import type { AnomalyMap } from '../maps/map.ts';
import { imageForm } from '../scores/image-form.ts';
import { imageStatistics } from '../scores/image-statistics.ts';
import { requireNetworks } from '../scores/list.ts';
import type { Score } from '../scores/score.ts';
import { type AskedImage, batchSize, type ImageRequest } from './batches.ts';
import type { DetectorNetworks } from './detector-networks.ts';
import { mapName, openDevice, scoreName, thresholdOption, tileOption } from './detector-options.ts';
import { alikeInBatches, scoreEmpty } from './empty-images.ts';
import { decodeModel, loadModel, type Model } from './model-file.ts';
import { type ImageResult, scoreBatch } from './score-images.ts';

/**
 * Pixels [height, width, channels] row by row: gray, RGB, or RGBA, of which alpha is dropped. Of 8 or 16 bits, or floats from 0 to 1 or in
 * the range of values that the model was trained with.
 */
export interface PixelImage {
  width: number;
  height: number;
  channels: 1 | 3 | 4;
  pixels: Uint8Array | Uint8ClampedArray | Uint16Array | Float32Array;
}

/** An image as pixels, or the bytes of an image file. */
export type ImageInput = PixelImage | Uint8Array;

export interface DetectorOptions {
  /** An open device, which stays the caller's. Without one, the first that answers is opened, GPUs first, and closed by `dispose`. */
  device?: Device | undefined;
  /** The score that decides, by its name or as map and pooling, such as `residual5.max`; the one that calibration chose unless it is given. */
  by?: string | undefined;
  /** Flag from this score on, instead of the calibrated threshold. */
  threshold?: number | undefined;
  /** The map that heat maps show, one of those that were calibrated; the one that calibration chose unless it is given. */
  map?: string | undefined;
  /** The largest side of a tile of images larger than the model's size, a multiple of 4; without it, images are shrunk to that size. */
  tile?: number | undefined;
}

const OPTIONS = { device: openDevice, by: scoreName, threshold: thresholdOption, map: mapName, tile: tileOption };

export interface ScoreImageOptions {
  /** Whether the judgement holds heat map and reconstruction, which have to be read back; true unless told otherwise. */
  pictures?: boolean | undefined;
  /** Whether it holds every score, not just the one that decides; true unless told otherwise. */
  allScores?: boolean | undefined;
  /** Whether it says in what the image is unlike those that chose the threshold, which takes the host some milliseconds; true unless told otherwise. */
  unlike?: boolean | undefined;
}

const SCORE_OPTIONS = { pictures: v.optional(yesOrNo), allScores: v.optional(yesOrNo), unlike: v.optional(yesOrNo) };

/** How abnormal each pixel of an image looks. */
export interface HeatMap {
  /** Name of the map, such as `residual5`. */
  map: string;
  /** How a value is computed, for people: x is the image in [−1, 1], x̂ what it would look like without defects. */
  formula: string;
  /** [height, width]; higher means more abnormal. */
  values: Float32Array;
  width: number;
  height: number;
  /** The size at which the image was judged, of whose border up to 3 px were cut evenly. */
  judged: Size;
  /** A pixel above it is hot: one of twenty normal images has such a pixel. Null for models without a calibrated one. */
  threshold: number | null;
  /** What normal images have in the middle, or 0 where a map has a zero of its own: where a scale of colours begins. */
  floor: number;
}

/** What a detector finds in an image. */
export interface Judgement {
  /** Whether the score that decides reaches the threshold. */
  flagged: boolean;
  /** The score that decides. */
  score: number;
  threshold: number;
  /** Every score by name, or the one that decides; higher means more abnormal. */
  scores: Readonly<Record<string, number>>;
  /** At the size at which the image was judged, its borders cut to a multiple of 4. Null where pictures were not asked for. */
  heatMap: HeatMap | null;
  /** What the image would look like without defects, at the same size; null likewise. */
  reconstruction: DecodedImage | null;
  /** The image at its own size, in levels: what a heat map is laid over; null likewise. */
  original: DecodedImage | null;
  /**
   * In what the image is unlike those that chose the threshold, which then says little of it, a sentence each: size, colours, brightness,
   * contrast. Null where it was not asked for, and for models that do not know what those were like.
   */
  unlike: readonly string[] | null;
}

/** How images are judged: every score that the model knows, and the thresholds. */
interface Criteria {
  scores: readonly Score[];
  by: string;
  threshold: number;
  /** Null for models without one. */
  heatmap: HeatmapCalibration | null;
  likeness: Likeness | null;
}

/** An image that waits for the networks, and who waits for it. */
interface Waiting extends AskedImage {
  resolve(result: ImageResult): void;
  reject(reason: unknown): void;
}

/** How many batches the device has in hand: while it works on one, the next is made ready. */
const IN_HAND = 2;
/** Bytes of images that are decoded or judged at once; one image may be larger. */
const ROOM_BYTES = 2 ** 29;

/**
 * A trained model that judges images: those together that wait while the device is at work. Keep one for as long as the program runs: its
 * first image compiles the kernels.
 */
export class Detector {
  private readonly known: readonly Score[];
  private readonly deciding: readonly Score[];
  private readonly waiting: Waiting[] = [];
  private readonly room = new Room(ROOM_BYTES);
  private inHand = 0;
  private disposed = false;
  /** Name of the score that decides. */
  readonly by: string;
  /** An image is flagged when its score is at least this. */
  readonly threshold: number;
  /** Name of the map that heat maps show. */
  readonly map: string;
  /** A pixel of a heat map above it is hot; null for models without a calibrated one. */
  readonly heatMapThreshold: number | null;
  private readonly shown: AnomalyMap;
  private readonly floor: number;
  private readonly likeness: Likeness | null;

  private constructor(
    private readonly networks: DetectorNetworks,
    private readonly own: Device | null,
    { scores, by, threshold, heatmap, likeness }: Criteria,
  ) {
    this.known = scores;
    this.deciding = scores.filter(({ info }) => info.name === by);
    this.by = by;
    this.threshold = threshold;
    this.map = heatmap?.map ?? RESIDUAL5.name;
    this.shown = requireMap(this.map);
    this.heatMapThreshold = heatmap?.threshold ?? null;
    this.floor = heatmap?.floor ?? 0;
    this.likeness = likeness;
  }

  /**
   * Opens a model file.
   *
   * @param model its bytes, or in Node its path
   * @throws CyclopsError when it is missing, damaged or of another version, has no score or map of that name, or no device answers
   */
  static async open(model: Uint8Array | string, options: DetectorOptions = {}): Promise<Detector> {
    checkModel(model);
    const problem = optionProblem('Detector.open', options, OPTIONS);
    if (problem !== null) throw new CyclopsError(problem);
    const { device, tile, map, ...decision } = options;
    const read = typeof model === 'string' ? await readFile(model) : decodeModel(model, 'the model');
    const { by, threshold } = decisionOf(read.calibration, decision, read.source);
    const { calibration, source } = read;
    const heatmap = calibration.heatmap || map !== undefined ? requireHeatmap(calibration, source, map) : null;
    const used = device ?? (await Device.open());
    const own = used === device ? null : used;
    try {
      const { likeness = null } = calibration;
      const decides = { scores: scoresOf(calibration, by), by, threshold, heatmap, likeness };
      const networks = loadModel(used, read, tile);
      requireNetworks(decides.scores, networks.networks);
      alikeInBatches(networks, scoreEmpty);
      return new Detector(networks, own, decides);
    } catch (error) {
      own?.close();
      throw error;
    }
  }

  /** The side in pixels to which images are resized before they are judged, unless they are judged in tiles. */
  get size(): number {
    return this.networks.config.loadSize;
  }

  /** Which values of a file are black and white for it. */
  get range(): ValueRange {
    return this.networks.config.range;
  }

  /**
   * Judges an image.
   *
   * @throws CyclopsError for bytes that are no image, and where the score that decides is not finite
   */
  async score(image: ImageInput, options: ScoreImageOptions = {}): Promise<Judgement> {
    const problem = optionProblem('Detector.score', options, SCORE_OPTIONS);
    if (problem !== null) throw new CyclopsError(problem);
    const { pictures = true, allScores = true, unlike = true } = options;
    if (this.disposed) throw new CyclopsError('This detector was disposed and judges no more images. Open another.');
    const claim = this.room.claim();
    try {
      const decoded = await toDecoded(image, this.range, claim.take);
      claim.keep(decoded.pixels.byteLength);
      return await this.judge(decoded, { pictures, allScores, unlike });
    } finally {
      claim.release();
    }
  }

  private async judge(
    decoded: DecodedImage,
    { pictures, allScores, unlike }: Record<keyof ScoreImageOptions, boolean>,
  ): Promise<Judgement> {
    const scores = allScores ? this.known : this.deciding;
    const result = await this.queued(decoded, { scores, maps: pictures ? [this.shown] : [], pictures });
    const score = result.scores[this.by];
    if (score === undefined || !Number.isFinite(score)) {
      throw new CyclopsError(
        `The score ${this.by} is ${score}; expected a finite number. The model's weights diverged.`,
      );
    }
    return {
      ...{ flagged: score >= this.threshold, score, threshold: this.threshold, scores: result.scores },
      heatMap: this.heatMapOf(result),
      reconstruction: result.pictures?.reconstruction ?? null,
      original: pictures ? decoded : null,
      unlike: unlike ? this.unlikeness(decoded) : null,
    };
  }

  /** Judges images one after another, in order; the next one is asked for while the device is at work. */
  async *scoreAll(
    images: Iterable<ImageInput> | AsyncIterable<ImageInput>,
    options?: ScoreImageOptions,
  ): AsyncGenerator<Judgement> {
    if (!isIterable(images))
      throw new CyclopsError(`Images come one after another, as in an array; got ${kindOf(images)}.`);
    const source = Symbol.asyncIterator in images ? images[Symbol.asyncIterator]() : images[Symbol.iterator]();
    const begin = async (): Promise<{ judgement: Promise<Judgement> } | null> => {
      const { done, value } = await source.next();
      return done ? null : { judgement: this.score(value, options) };
    };
    let next = begin();
    try {
      for (let begun = await next; begun; begun = await next) {
        next = begin();
        // What fails here is thrown where it is awaited, after the judgements before it.
        next.then((following) => following?.judgement).catch(() => {});
        yield await begun.judgement;
      }
    } finally {
      // Not awaited: the image that was asked for last may never come.
      Promise.resolve(source.return?.()).catch(() => {});
    }
  }

  /** Frees the networks, and closes the device unless it is the caller's. */
  dispose(): void {
    this.disposed = true;
    this.networks.dispose();
    this.own?.close();
  }

  /** What the networks find, when the turn of the image has come. */
  private queued(image: DecodedImage, request: ImageRequest): Promise<ImageResult> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ image, request, resolve, reject });
      this.take();
    });
  }

  /** Hands the device what waits, as far as it has room. */
  private take(): void {
    while (this.inHand < IN_HAND) {
      const [first, ...others] = this.waiting.splice(0, batchSize(this.networks));
      if (!first) return;
      this.inHand += 1;
      void this.settle([first, ...others]).then(() => {
        this.inHand -= 1;
        this.take();
      });
    }
  }

  /** Never rejects: who waits is told. */
  private async settle(batch: readonly [Waiting, ...Waiting[]]): Promise<void> {
    try {
      const outcomes = await scoreBatch(this.networks, batch);
      for (const [i, outcome] of outcomes.entries()) {
        if (outcome instanceof CyclopsError) batch[i]?.reject(outcome);
        else batch[i]?.resolve(outcome);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  private unlikeness(image: DecodedImage): string[] | null {
    return this.likeness && unlikeness(imageForm(image), imageStatistics(image, this.size), this.likeness);
  }

  private heatMapOf({ maps, extent, size }: ImageResult): HeatMap | null {
    const { name: map, formula } = this.shown;
    const values = maps[map];
    return values
      ? { map, formula, values, ...extent, judged: size, threshold: this.heatMapThreshold, floor: this.floor }
      : null;
  }
}

/** @throws CyclopsError for what programs without types may give */
function checkModel(model: unknown): void {
  if (typeof model === 'string' || model instanceof Uint8Array) return;
  throw new CyclopsError(`A model is a path, or the bytes of a file in a Uint8Array; got ${kindOf(model)}.`);
}

/** Reading a file needs Node; a page, which gives bytes, never comes here. */
async function readFile(path: string): Promise<Model> {
  const { readModel } = await import('./stored-model.ts');
  return readModel(path);
}

async function toDecoded(image: ImageInput, range: ValueRange, take: Take): Promise<DecodedImage> {
  if (image instanceof Uint8Array) {
    // The caller may write over them while the decoder is loaded.
    const bytes = new Uint8Array(image);
    const { decodeBytes } = await import('../../data/images/decode-bytes.ts');
    return decodeBytes(bytes, 'The image', range, take);
  }
  const samples = samplesOf(image);
  const { width, height, channels } = image;
  const isSize = (extent: number) => Number.isInteger(extent) && extent > 0;
  if (
    ![1, 3, 4].includes(channels) ||
    !isSize(width) ||
    !isSize(height) ||
    samples.length !== width * height * channels
  ) {
    throw new CyclopsError(
      `An image needs width × height × channels samples, with 1, 3 or 4 channels; got ${width} × ${height} × ${channels} and ${samples.length} samples.`,
    );
  }
  return toLevels({ width, height, channels, samples }, range, 'The image');
}

/** A copy of the pixels, which the caller may write over. @throws CyclopsError for what programs without types may give */
function samplesOf(image: PixelImage): StoredImage['samples'] {
  const given: unknown = typeof image === 'object' && image !== null && 'pixels' in image ? image.pixels : image;
  if (given !== image) {
    if (given instanceof Uint8Array || given instanceof Uint8ClampedArray) return new Uint8Array(given);
    if (given instanceof Uint16Array || given instanceof Float32Array) return given.slice();
  }
  throw new CyclopsError(
    'An image is the bytes of a file in a Uint8Array, or { width, height, channels, pixels } with pixels of 8 bits in a Uint8Array or ' +
      `Uint8ClampedArray, of 16 in a Uint16Array, or in a Float32Array; got ${kindOf(given)}${given === image ? '' : ' for its pixels'}.`,
  );
}

function isIterable(images: unknown): boolean {
  return typeof images === 'object' && images !== null && (Symbol.asyncIterator in images || Symbol.iterator in images);
}

/** The kind of a value, for messages. */
function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return typeof value === 'object' ? `a value of ${value.constructor?.name ?? 'no class'}` : typeof value;
}
