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

/** Of each image the pixels of its defect, of which crops shall hold one; null for crops anywhere. */
type Defects = readonly (Uint32Array | null)[];

/** Those of images, and those of their smaller copies. */
type KnownDefects = readonly [Defects, Defects];
const NOTHING_KNOWN: KnownDefects = [[], []];

/** What is known of images of A and of those that were made, which stand after them. */
export interface ImageKnowledge {
  /** The pixels y · loadSize + x of their defects. */
  defects?: Defects;
  /** Of each image that was made, the index of the image of B. */
  sources?: readonly number[];
  small?: SmallCopies | null;
}

/** Copies of all images, which stand after them, for half of the further crops. */
export interface SmallCopies {
  /** They are so many pixels wide and high. */
  side: number;
  /** Of each copy of an image of A the pixels y · side + x of its defect. */
  defects: Defects;
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
  { defects = [], sources = [], small = null }: ImageKnowledge = {},
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
  const viewsOf = (indices: number[], side: number, held: Defects) => ({
    indices,
    views: indices.map((index) => randomView(config, random, side, held[index])),
  });
  const viewsOfA = (indices: number[]) => viewsOf(indices, config.loadSize, defects);
  const viewsOfB = (indices: number[]) => viewsOf(indices, config.loadSize, []);
  /** The first half of the images as they are, the others from the copies that stand after `count` images, where there are such. */
  const furtherViews = (indices: number[], count: number, [held, heldSmall]: KnownDefects): Views => {
    if (!small) return viewsOf(indices, config.loadSize, held);
    const half = Math.ceil(indices.length / 2);
    const large = viewsOf(indices.slice(0, half), config.loadSize, held);
    const rest = viewsOf(indices.slice(half), small.side, heldSmall);
    return {
      indices: [...large.indices, ...rest.indices.map((index) => count + index)],
      views: [...large.views, ...rest.views],
    };
  };
  const known: KnownDefects = [defects, small?.defects ?? []];
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
              a: furtherViews(Array.from({ length: domainCrops }, drawnAbnormal), counts.a + made, known),
              b: furtherViews(drawn(domainCrops, counts.b), counts.b, NOTHING_KNOWN),
            },
      pairs: lambdaPaired > 0 && made > 0 ? pairs() : null,
    };
  });
}

/** @param side of the image @param defect pixels of which the crop should hold one; for a crop anywhere none */
function randomView(config: TrainingConfig, random: RandomStream, side: number, defect?: Uint32Array | null): View {
  const { cropSize, flip, flipVertical, rotate } = config;
  const last = side - cropSize;
  /** Where a crop may begin, to hold a coordinate. */
  const around = (held: number) => {
    const [from, to] = [Math.max(0, held - cropSize + 1), Math.min(last, held)];
    return from + random.integer(to - from + 1);
  };
  const pixel = defect?.[random.integer(defect.length)];
  const [x, y] =
    pixel === undefined
      ? [random.integer(last + 1), random.integer(last + 1)]
      : [around(pixel % side), around(Math.floor(pixel / side))];
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
