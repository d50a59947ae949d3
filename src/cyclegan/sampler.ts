import type { View } from '../data/images/bank.ts';
import { RandomStream } from '../tensor/random.ts';
import type { TrainingConfig } from './config.ts';

/** Images of a bank, and what a step sees of each. */
interface Views {
  indices: number[];
  views: View[];
}

/** Images of both domains. */
export interface DomainViews {
  a: Views;
  b: Views;
}

/** The images of one step. */
export interface Batch extends DomainViews {
  /** What the discriminators further see, where the configuration asks for it. */
  domains: DomainViews | null;
  /** Images that were made, and the same views of the normal ones that they were made of, where the configuration asks for them. */
  pairs: DomainViews | null;
}

/** How many images there are: of either domain, and made from normal ones, which stand after those of A. */
export interface ImageCounts {
  a: number;
  b: number;
  made?: number;
}

/** What is known of images of A and of those that were made, which stand after them. */
export interface ImageKnowledge {
  /** The pixels y · loadSize + x of their defects, of which crops shall hold one; null for crops anywhere. */
  defects?: readonly (Uint32Array | null)[];
  /** Of each image that was made, the index of the image of B. */
  sources?: readonly number[];
}

/** Streams below belong to the networks' first weights and the image pools. */
const FIRST_EPOCH_STREAM = 16;

/** Steps of an epoch: the larger domain once, without an incomplete last batch. */
export function stepsPerEpoch(counts: ImageCounts, batchSize: number): number {
  return Math.max(1, Math.floor(Math.max(counts.a, counts.b) / batchSize));
}

/**
 * Every batch of an epoch, as the reference's unaligned data set draws them: the larger domain's number of indices in
 * random order, wrapped around for A; an independent random image for B. A pure function of its arguments, so that a
 * resumed run sees what an uninterrupted one sees.
 *
 * @param counts without images of A, those that were made take their place
 * @param epoch counted from 1
 */
export function planEpoch(
  config: TrainingConfig,
  counts: ImageCounts,
  epoch: number,
  { defects = [], sources = [] }: ImageKnowledge = {},
): Batch[] {
  const random = new RandomStream(config.seed, FIRST_EPOCH_STREAM + epoch);
  const { batchSize, domainCrops, lambdaPaired } = config;
  const { made = 0 } = counts;
  const countOfA = counts.a || made;
  const steps = stepsPerEpoch(counts, batchSize);
  const longest = Math.max(counts.a, counts.b, batchSize);
  const order = random.shuffle([...Array(longest).keys()]);
  /** Half of them made, where there are both. */
  const drawnAbnormal = () => {
    if (made === 0 || counts.a === 0) return random.integer(countOfA);
    return random.uniform() < 0.5 ? random.integer(counts.a) : counts.a + random.integer(made);
  };
  const drawn = (count: number, images: number) => Array.from({ length: count }, () => random.integer(images));
  const viewsOfA = (indices: number[]) => ({
    indices,
    views: indices.map((index) => randomView(config, random, defects[index] ?? null)),
  });
  const viewsOfB = (indices: number[]) => ({ indices, views: indices.map(() => randomView(config, random)) });
  const pairs = (): DomainViews => {
    const indices = drawn(batchSize, made);
    const a = viewsOfA(indices.map((index) => counts.a + index));
    return { a, b: { indices: indices.map((index) => sources[index] ?? 0), views: a.views } };
  };
  return Array.from({ length: steps }, (_, step) => {
    const places = order.slice(step * batchSize, (step + 1) * batchSize);
    return {
      a: viewsOfA(places.map((place) => place % countOfA)),
      b: viewsOfB(drawn(batchSize, counts.b)),
      domains:
        domainCrops === 0
          ? null
          : {
              a: viewsOfA(Array.from({ length: domainCrops }, drawnAbnormal)),
              b: viewsOfB(drawn(domainCrops, counts.b)),
            },
      pairs: lambdaPaired > 0 && made > 0 ? pairs() : null,
    };
  });
}

/** @param defect pixels of which the crop should hold one; null for a crop anywhere */
function randomView(config: TrainingConfig, random: RandomStream, defect: Uint32Array | null = null): View {
  const { loadSize, cropSize, flip, flipVertical, rotate } = config;
  const last = loadSize - cropSize;
  /** Where a crop may begin, to hold a coordinate. */
  const around = (held: number) => {
    const [from, to] = [Math.max(0, held - cropSize + 1), Math.min(last, held)];
    return from + random.integer(to - from + 1);
  };
  const pixel = defect?.[random.integer(defect.length)];
  const [x, y] =
    pixel === undefined
      ? [random.integer(last + 1), random.integer(last + 1)]
      : [around(pixel % loadSize), around(Math.floor(pixel / loadSize))];
  const [mirrored, turns] = [random.uniform() < 0.5, random.integer(4)];
  const crop = { x, y, width: cropSize, height: cropSize };
  if (rotate) return { ...crop, flip: (flip || flipVertical) && mirrored, turns: quarterTurns(turns) };
  // Upside down is half a turn of the mirror image.
  const upsideDown = flipVertical && turns >= 2;
  return { ...crop, flip: (flip && mirrored) !== upsideDown, turns: upsideDown ? 2 : 0 };
}

function quarterTurns(turns: number): View['turns'] {
  return turns === 1 || turns === 2 || turns === 3 ? turns : 0;
}
