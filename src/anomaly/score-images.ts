import { toImage } from '../cyclegan/tensor-image.ts';
import { ImageBank } from '../data/bank.ts';
import type { DecodedImage } from '../data/image.ts';
import { copy } from '../kernels/elementwise.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { Detector } from './detector.ts';
import { type DeviceFigures, FIGURE_COUNT, measure, readFigures } from './figures.ts';
import { computeScores } from './scores.ts';

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
}

/** How a pixel of the heat map is computed, for people. */
export const HEATMAP_FORMULA = '|x − x̂|, averaged over channels and over 5 × 5 pixels';

/** Images on the device at a time: enough to keep it busy between two waits, few enough to bound the memory. */
const GROUP = 16;

/**
 * Scores images one after another, each as a whole, resized to the size that the networks were trained for. Memory does
 * not grow with the number of images, which may be decoded as they are asked for.
 *
 * @param wantsPictures whether to keep the pictures of the image at this index
 */
export async function* scoreImages(
  detector: Detector,
  images: Iterable<DecodedImage>,
  wantsPictures: (index: number) => boolean = () => false,
): AsyncGenerator<ImageResult> {
  let first = 0;
  for (const group of groupsOf(images, GROUP)) {
    yield* await scoreGroup(detector, group, (i) => wantsPictures(first + i));
    first += group.length;
  }
}

async function scoreGroup(
  { device, config, networks }: Detector,
  images: DecodedImage[],
  wantsPictures: (i: number) => boolean,
): Promise<ImageResult[]> {
  const size = { width: config.loadSize, height: config.loadSize };
  const bank = await ImageBank.create(device, images, { channels: config.inputNc, loadSize: size });
  const figures = Tensor.empty(device, [images.length, FIGURE_COUNT]);
  const kept = new Map<number, { x: Tensor; made: DeviceFigures }>();
  try {
    images.forEach((_, i) => {
      const x = bank.whole(i);
      const made = measure(networks, x);
      made.values.forEach((value, column) => {
        copy(device, value.slice, figures.slice, 1, 0, i * FIGURE_COUNT + column);
      });
      if (wantsPictures(i)) kept.set(i, { x, made });
      else release(x, made);
    });
    const values = await figures.data();
    const results: ImageResult[] = [];
    for (const i of images.keys()) {
      const row = values.subarray(i * FIGURE_COUNT, (i + 1) * FIGURE_COUNT);
      const scores = computeScores(readFigures(row, size.width * size.height * config.inputNc));
      const tensors = kept.get(i);
      results.push({ scores, pictures: tensors ? await readPictures(tensors.x, tensors.made) : null });
    }
    return results;
  } finally {
    for (const { x, made } of kept.values()) release(x, made);
    figures.dispose();
    bank.dispose();
  }
}

function release(x: Tensor, { values, reconstruction, heatmap }: DeviceFigures): void {
  for (const tensor of [x, reconstruction, heatmap, ...values]) tensor.dispose();
}

async function readPictures(x: Tensor, { reconstruction, heatmap }: DeviceFigures): Promise<ResultPictures> {
  return {
    input: await toImage(x),
    reconstruction: await toImage(reconstruction),
    heatmap: await heatmap.data(),
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
