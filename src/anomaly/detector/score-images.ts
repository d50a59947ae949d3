import { SIDE_MULTIPLE } from '../../cyclegan/networks.ts';
import { toImage } from '../../cyclegan/tensor-image.ts';
import { ImageBank, type Size } from '../../data/images/bank.ts';
import type { DecodedImage } from '../../data/images/decoded-image.ts';
import { copy } from '../../kernels/elementwise.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { type DevicePictures, measure, readMeasurements } from '../maps/measurements.ts';
import { computeScores, measurementsFor, SCORES } from '../scores/list.ts';
import type { Score } from '../scores/score.ts';
import type { DetectorNetworks } from './detector-networks.ts';

/** What a detector finds in one image. */
export interface ImageResult {
  /** Scores by name. */
  scores: Record<string, number>;
  /** Only where pictures were asked for. */
  pictures: ResultPictures | null;
}

/** An image as the networks saw it, as they reconstruct it, and where the two differ. */
export interface ResultPictures {
  input: DecodedImage;
  /** x̂ = G_a2n(x). */
  reconstruction: DecodedImage;
  /** |x − x̂| averaged over channels and blurred 5 × 5: [H, W]. */
  heatmap: Float32Array;
  /** The size at which the image was judged, before its borders were cut to a multiple of 4. */
  size: Size;
}

/** How a pixel of the heat map is computed, for people. */
export const HEATMAP_FORMULA = '|x − x̂|, averaged over channels and over 5 × 5 pixels';

/** How many images the device works on while the next one is decoded: one keeps host and device busy. */
const AHEAD = 1;

/**
 * Scores images one after another, each as a whole, at the size that the detector has for it, and gives out each result as soon as
 * it is there. Memory does not grow with the number of images, which may be decoded as they are asked for.
 *
 * @param wantsPictures whether to keep the pictures of the image at this index
 * @param scores which scores to compute; the networks run only as far as these need
 */
export async function* scoreImages(
  detector: DetectorNetworks,
  images: Iterable<DecodedImage>,
  wantsPictures: (index: number) => boolean = () => false,
  scores: readonly Score[] = SCORES,
): AsyncGenerator<ImageResult> {
  const underway: Promise<ImageResult>[] = [];
  let index = 0;
  for (const image of images) {
    const result = scoreImage(detector, image, { wantsPictures: wantsPictures(index++), scores });
    // Thrown where it is awaited, after the results before it.
    result.catch(() => {});
    underway.push(result);
    const first = underway.length > AHEAD && underway.shift();
    if (first) yield await first;
  }
  for (const result of underway) yield await result;
}

/** What to find in an image. */
interface ImageRequest {
  wantsPictures: boolean;
  /** The networks run only as far as these need. */
  scores: readonly Score[];
}

/** Scores one image. Everything is handed to the device before the promise is first awaited. */
export async function scoreImage(
  { device, networks, shown }: DetectorNetworks,
  image: DecodedImage,
  { wantsPictures, scores }: ImageRequest,
): Promise<ImageResult> {
  const wanted = measurementsFor(scores);
  const bank = await ImageBank.create(device, [image], shown);
  const size = bank.size(0);
  const x = bank.whole(0, SIDE_MULTIPLE);
  bank.dispose();
  const measured = Tensor.empty(device, [wanted.length]);
  const { values, pictures } = measure(networks, x, { wanted, wantsPictures });
  try {
    values.forEach((value, i) => {
      copy(device, { x: value.slice, out: measured.slice, count: 1, outStart: i });
    });
    const measurements = readMeasurements(await measured.data(), wanted, x.size);
    return {
      scores: computeScores(measurements, scores),
      pictures: pictures && (await readPictures(x, pictures, size)),
    };
  } finally {
    const made = [x, measured, ...values, ...(pictures ? [pictures.reconstruction, pictures.heatmap] : [])];
    for (const tensor of made) tensor.dispose();
  }
}

async function readPictures(
  x: Tensor,
  { reconstruction, heatmap }: DevicePictures,
  size: Size,
): Promise<ResultPictures> {
  return {
    input: await toImage(x),
    reconstruction: await toImage(reconstruction),
    heatmap: await heatmap.data(),
    size,
  };
}
