import { concatBatch } from '../../autograd/concat-batch.ts';
import { toImage } from '../../cyclegan/tensor-image.ts';
import type { Size } from '../../data/images/bank.ts';
import type { ByteImage, DecodedImage, LargeImage } from '../../data/images/decoded-image.ts';
import { CyclopsError, OutOfMemoryError } from '../../gpu/errors.ts';
import { scope } from '../../tensor/scope.ts';
import { imageExtents } from '../../tensor/shape.ts';
import { sliceBatch } from '../../tensor/slice.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { AnomalyMap } from '../maps/map.ts';
import { computeScores, partsOf } from '../scores/list.ts';
import { disposeMeasured, measure, readParts } from '../scores/measure.ts';
import { type AskedImage, type Batch, type ImageRequest, inBatches, isLarge } from './batches.ts';
import type { DetectorNetworks } from './detector-networks.ts';
import { wholeImage } from './whole-image.ts';
import { cropImage, Mosaic, PictureMosaic, type Windows, windowsOf } from './windows.ts';

export type { ImageRequest } from './batches.ts';

/** What a detector finds in one image. */
export interface ImageResult {
  /** Scores by name. */
  scores: Record<string, number>;
  /** The maps that were asked for, by name, each [height, width] of `extent`. */
  maps: Record<string, Float32Array>;
  /** The size of what the networks saw: `size`, cut to multiples of 4. */
  extent: Size;
  /** The size at which the image was judged. */
  size: Size;
  /** The image that was judged, as it was given. */
  image: DecodedImage | LargeImage;
  /** Only where they were asked for. */
  pictures: { input: ByteImage; reconstruction: ByteImage } | null;
}

/** An image as it was given, as the networks saw it, as they reconstruct it, and its heat map. */
export interface ResultPictures {
  /** At its own size: what heat maps are laid over. */
  original: DecodedImage;
  input: ByteImage;
  /** x̂ = G_a2n(x). */
  reconstruction: ByteImage;
  /** The map that calibration chose, or that was asked for: [H, W]. */
  heatmap: Float32Array;
  /** The size at which the image was judged, before its borders were cut to a multiple of 4. */
  size: Size;
}

/** What came of an image: a result, or what is wrong with it alone, as being too large for the device. */
type Outcome = ImageResult | CyclopsError;

/**
 * Scores images in their order, each as a whole, at the size that the detector has for it: several of one size at once, while the next ones
 * are asked for. Memory does not grow with the number of images, which may be decoded as they are asked for.
 *
 * @param request what to find in the image at this index
 * @param onFault takes what is wrong with one image alone, and its index: it has no result then, and others go on; without, it is thrown
 */
export async function* scoreImages(
  detector: DetectorNetworks,
  images: Iterable<DecodedImage | LargeImage> | AsyncIterable<DecodedImage | LargeImage>,
  request: (index: number) => ImageRequest,
  onFault?: (index: number, fault: CyclopsError) => void,
): AsyncGenerator<ImageResult> {
  let index = 0;
  let underway: Promise<Outcome[]> = Promise.resolve([]);
  async function* results(): AsyncGenerator<ImageResult> {
    for (const outcome of await underway) {
      if (!(outcome instanceof CyclopsError)) yield outcome;
      else if (onFault) onFault(index, outcome);
      else throw outcome;
      index += 1;
    }
  }
  for await (const batch of inBatches(detector, images, request)) {
    const outcomes = scoreBatch(detector, batch);
    // Thrown where it is awaited, after the results before it.
    outcomes.catch(() => {});
    yield* results();
    underway = outcomes;
    // What is large is let go before the next image comes.
    if (!isLarge(batch)) continue;
    yield* results();
    underway = Promise.resolve([]);
  }
  yield* results();
}

/**
 * Scores a batch, or where something is wrong with it each of its images alone, and where memory is missing once more without what is kept for
 * reuse. Everything is handed to the device before the promise is
 * first awaited.
 *
 * @param isLast whether this is the second try
 */
export async function scoreBatch(detector: DetectorNetworks, batch: Batch, isLast = false): Promise<Outcome[]> {
  try {
    const [{ image, request }] = batch;
    const large = windowsOf(detector, image);
    return large ? [await measureWindows(detector, image, request, large)] : await measureBatch(detector, batch);
  } catch (error) {
    if (!isOfOneImage(error)) throw error;
    const isFull = error instanceof OutOfMemoryError;
    if (batch.length === 1 && (!isFull || isLast)) return [isFull ? withSize(error, batch[0].image) : error];
    // What earlier sizes left for reuse may be what is missing.
    if (isFull) detector.device.trim();
    if (batch.length === 1) return await scoreBatch(detector, batch, true);
  }
  const outcomes: Outcome[] = [];
  for (const one of batch) outcomes.push(...(await scoreBatch(detector, [one])));
  return outcomes;
}

function withSize({ message }: OutOfMemoryError, { width, height }: Size): OutOfMemoryError {
  return new OutOfMemoryError(`${message} It was to judge one image of ${width} × ${height} pixels, alone.`);
}

/** A device that is gone, or was never what it should be, is no fault of an image. */
function isOfOneImage(error: unknown): error is CyclopsError {
  return error instanceof OutOfMemoryError || (error instanceof CyclopsError && error.name === 'CyclopsError');
}

/**
 * Scores each window of a large image as an image of its own: the image is as abnormal as its most abnormal window. Maps and pictures
 * are put together.
 */
async function measureWindows(
  detector: DetectorNetworks,
  image: DecodedImage | LargeImage,
  request: ImageRequest,
  { extent, windows }: Windows,
): Promise<ImageResult> {
  const { width, height } = extent;
  if ('rows' in image && ((request.maps ?? []).length > 0 || request.pictures))
    throw new CyclopsError(
      `it has ${image.width} × ${image.height} pixels, of which no heat map is made. Score it without heat maps, or cut the part out that is of interest.`,
    );
  const scores: Record<string, number> = {};
  const maps = new Map(
    (request.maps ?? []).map(({ name }) => [
      name,
      new Mosaic<Float32Array>(new Float32Array(width * height), extent, 1),
    ]),
  );
  const [input, reconstruction] = [new PictureMosaic(extent), new PictureMosaic(extent)];
  for (const [done, window] of windows.entries()) {
    request.onWindow?.(done, windows.length);
    const [found] = await measureBatch(detector, [{ image: await cropImage(image, window), request }]);
    for (const [name, score] of Object.entries(found?.scores ?? {}))
      scores[name] = Math.max(scores[name] ?? Number.NEGATIVE_INFINITY, score);
    for (const [name, map] of maps) map.put(found?.maps[name] ?? new Float32Array(), window);
    if (!found?.pictures) continue;
    input.put(found.pictures.input, window);
    reconstruction.put(found.pictures.reconstruction, window);
  }
  request.onWindow?.(windows.length, windows.length);
  return {
    scores,
    maps: Object.fromEntries([...maps].map(([name, { values }]) => [name, values])),
    extent: { width, height },
    size: detector.sizeFor(image),
    image,
    pictures: request.pictures ? { input: input.picture, reconstruction: reconstruction.picture } : null,
  };
}

/** Scores images of one size at once, and reads back of each what was asked of it. A fault is that of any of them. */
async function measureBatch(
  { device, networks, tile, judged, shown, sizeFor }: DetectorNetworks,
  batch: Batch,
): Promise<ImageResult[]> {
  const shownOf = ({ image }: AskedImage) => {
    if ('rows' in image)
      throw new CyclopsError(
        'it is too large to be shrunk. Score it in tiles (--tile), for which it needs 24 px a side.',
      );
    return wholeImage(device, image, shown);
  };
  const [first, ...others] = batch;
  const x = scope(() => concatBatch(shownOf(first), ...others.map(shownOf)));
  const { n, h: height, w: width } = imageExtents('Scoring', x);
  const requests = batch.map(({ request }) => request);
  const parts = partsOf([...new Set(requests.flatMap(({ scores }) => scores))]);
  const maps = [...new Set(requests.flatMap((request) => request.maps ?? []))];
  const wantsReconstruction = requests.some(({ pictures }) => pictures);
  const measured = measure(networks, x, { parts, maps, wantsReconstruction, tile, judged });
  try {
    const values = await readParts(measured, parts, n);
    const read = await Promise.all(measured.maps.map((map) => map.data()));
    const pixels = height * width;
    const mapOf = (map: AnomalyMap, i: number) =>
      read[maps.indexOf(map)]?.slice(i * pixels, (i + 1) * pixels) ?? new Float32Array();
    const results: ImageResult[] = [];
    for (const [i, { image, request }] of batch.entries()) {
      const { reconstruction } = measured;
      results.push({
        scores: computeScores(values[i] ?? new Map(), request.scores),
        maps: Object.fromEntries((request.maps ?? []).map((map) => [map.name, mapOf(map, i)])),
        extent: { width, height },
        size: sizeFor(image),
        image,
        pictures:
          reconstruction && request.pictures
            ? { input: await pictureOf(x, i), reconstruction: await pictureOf(reconstruction, i) }
            : null,
      });
    }
    return results;
  } finally {
    x.dispose();
    disposeMeasured(measured);
  }
}

/** One image of a batch, read back. */
async function pictureOf(images: Tensor, index: number): Promise<ByteImage> {
  const image = sliceBatch(images, index, index + 1);
  try {
    return await toImage(image);
  } finally {
    image.dispose();
  }
}

/** The pictures of a result for which they were asked; null for others. @param map name of one that was asked for too */
export function picturesOf({ image, pictures, maps, size }: ImageResult, map: string): ResultPictures | null {
  const heatmap = maps[map];
  return pictures && heatmap && 'pixels' in image ? { original: image, ...pictures, heatmap, size } : null;
}
