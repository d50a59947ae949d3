import { SIDE_MULTIPLE } from '../../cyclegan/networks.ts';
import { toImage } from '../../cyclegan/tensor-image.ts';
import { ImageBank, type Size } from '../../data/images/bank.ts';
import type { DecodedImage } from '../../data/images/decoded-image.ts';
import { copy } from '../../kernels/elementwise.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { type DevicePictures, measure, readMeasurements } from '../maps/measurements.ts';
import { computeScores, measurementsFor, SCORES } from '../scores/list.ts';
import type { Score } from '../scores/score.ts';
import type { Detector } from './detector.ts';

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

/** Images on the device at a time: enough to keep it busy between two waits, few enough to bound the memory. */
const GROUP = 16;

/**
 * Scores images one after another, each as a whole, at the size that the detector has for it. Memory does
 * not grow with the number of images, which may be decoded as they are asked for.
 *
 * @param wantsPictures whether to keep the pictures of the image at this index
 * @param scores which scores to compute; the networks run only as far as these need
 */
export async function* scoreImages(
  detector: Detector,
  images: Iterable<DecodedImage>,
  wantsPictures: (index: number) => boolean = () => false,
  scores: readonly Score[] = SCORES,
): AsyncGenerator<ImageResult> {
  let first = 0;
  for (const group of groupsOf(images, GROUP)) {
    const bank = await ImageBank.create(detector.device, group, detector.shown);
    try {
      yield* await scoreGroup(detector, bank, (i) => wantsPictures(first + i), scores);
    } finally {
      bank.dispose();
    }
    first += group.length;
  }
}

/** Scores the images of a bank, and waits for the device once for all. */
async function scoreGroup(
  { device, networks }: Detector,
  bank: ImageBank,
  wantsPictures: (index: number) => boolean,
  scores: readonly Score[],
): Promise<ImageResult[]> {
  const wanted = measurementsFor(scores);
  const columns = wanted.length;
  const indices = [...Array(bank.count).keys()];
  const measured = Tensor.empty(device, [bank.count, columns]);
  const kept = new Map<number, { x: Tensor; pictures: DevicePictures }>();
  try {
    const sizes = indices.map((index) => {
      const x = bank.whole(index, SIDE_MULTIPLE);
      const { values, pictures } = measure(networks, x, { wanted, wantsPictures: wantsPictures(index) });
      values.forEach((value, column) => {
        copy(device, value.slice, measured.slice, 1, { outStart: index * columns + column });
        value.dispose();
      });
      if (pictures) kept.set(index, { x, pictures });
      else x.dispose();
      return x.size;
    });
    const values = await measured.data();
    const results: ImageResult[] = [];
    for (const index of indices) {
      const own = values.subarray(index * columns, (index + 1) * columns);
      const tensors = kept.get(index);
      const pictures = tensors ? await readPictures(tensors.x, tensors.pictures, bank.size(index)) : null;
      results.push({ scores: computeScores(readMeasurements(own, wanted, sizes[index] ?? 0), scores), pictures });
    }
    return results;
  } finally {
    for (const { x, pictures } of kept.values())
      for (const tensor of [x, pictures.reconstruction, pictures.heatmap]) tensor.dispose();
    measured.dispose();
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

function* groupsOf<T>(items: Iterable<T>, size: number): Generator<T[]> {
  let group: T[] = [];
  for (const item of items) {
    group.push(item);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
