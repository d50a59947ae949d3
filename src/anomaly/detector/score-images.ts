import { SIDE_MULTIPLE } from '../../cyclegan/networks.ts';
import { toImage } from '../../cyclegan/tensor-image.ts';
import { ImageBank, type Size } from '../../data/images/bank.ts';
import type { ByteImage, DecodedImage } from '../../data/images/decoded-image.ts';
import { CyclopsError, OutOfMemoryError } from '../../gpu/errors.ts';
import type { AnomalyMap } from '../maps/map.ts';
import { computeScores, partsOf } from '../scores/list.ts';
import { disposeMeasured, measure, readParts } from '../scores/measure.ts';
import type { Score } from '../scores/score.ts';
import type { DetectorNetworks } from './detector-networks.ts';

/** What to find in an image; the networks run only as far as it needs. */
export interface ImageRequest {
  scores: readonly Score[];
  /** Maps to be read back as they lie in the image; none unless told otherwise. */
  maps?: readonly AnomalyMap[];
  /** Whether image and reconstruction are wanted as pictures. */
  pictures?: boolean;
}

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
  /** Only where they were asked for. */
  pictures: { input: ByteImage; reconstruction: ByteImage } | null;
}

/** An image as the networks saw it, as they reconstruct it, and its heat map. */
export interface ResultPictures {
  input: ByteImage;
  /** x̂ = G_a2n(x). */
  reconstruction: ByteImage;
  /** The map that calibration chose, or that was asked for: [H, W]. */
  heatmap: Float32Array;
  /** The size at which the image was judged, before its borders were cut to a multiple of 4. */
  size: Size;
}

/** How many images the device works on while the next one is decoded: one keeps host and device busy. */
const AHEAD = 1;

/**
 * Scores images one after another, each as a whole, at the size that the detector has for it, and gives out each result as soon as
 * it is there. Memory does not grow with the number of images, which may be decoded as they are asked for.
 *
 * @param request what to find in the image at this index
 * @param onFault takes what is wrong with one image alone, as being too large for the device, and its index: it has no result then, and
 *   others go on; without, it is thrown
 */
export async function* scoreImages(
  detector: DetectorNetworks,
  images: Iterable<DecodedImage> | AsyncIterable<DecodedImage>,
  request: (index: number) => ImageRequest,
  onFault?: (index: number, fault: CyclopsError) => void,
): AsyncGenerator<ImageResult> {
  const underway: Promise<ImageResult | null>[] = [];
  const attempt = (image: DecodedImage, index: number) =>
    scoreImage(detector, image, request(index)).catch((error: unknown) => {
      if (!onFault || !isOfOneImage(error)) throw error;
      onFault(index, error);
      return null;
    });
  let index = 0;
  for await (const image of images) {
    const result = attempt(image, index++);
    // Thrown where it is awaited, after the results before it.
    result.catch(() => {});
    underway.push(result);
    const first = underway.length > AHEAD && (await underway.shift());
    if (first) yield first;
  }
  for (const last of underway) {
    const result = await last;
    if (result) yield result;
  }
}

/** A device that is gone, or was never what it should be, is no fault of an image. */
function isOfOneImage(error: unknown): error is CyclopsError {
  return error instanceof OutOfMemoryError || (error instanceof CyclopsError && error.name === 'CyclopsError');
}

/** Scores one image. Everything is handed to the device before the promise is first awaited. */
export async function scoreImage(
  { device, networks, tile, shown }: DetectorNetworks,
  image: DecodedImage,
  { scores, maps = [], pictures = false }: ImageRequest,
): Promise<ImageResult> {
  const bank = await ImageBank.create(device, [image], shown);
  const size = bank.size(0);
  const x = bank.whole(0, SIDE_MULTIPLE);
  bank.dispose();
  const [, height = 0, width = 0] = x.shape;
  const parts = partsOf(scores);
  const measured = measure(networks, x, { parts, maps, wantsReconstruction: pictures, tile });
  try {
    const values = await readParts(measured, parts);
    const read = await Promise.all(measured.maps.map((map) => map.data()));
    const { reconstruction } = measured;
    return {
      scores: computeScores(values, scores),
      maps: Object.fromEntries(maps.map(({ name }, i) => [name, read[i] ?? new Float32Array()])),
      extent: { width, height },
      size,
      pictures: reconstruction && { input: await toImage(x), reconstruction: await toImage(reconstruction) },
    };
  } finally {
    x.dispose();
    disposeMeasured(measured);
  }
}

/** The pictures of a result for which they were asked; null for others. @param map name of one that was asked for too */
export function picturesOf({ pictures, maps, size }: ImageResult, map: string): ResultPictures | null {
  const heatmap = maps[map];
  return pictures && heatmap ? { ...pictures, heatmap, size } : null;
}
