import type { View } from '../data/bank.ts';
import { RandomStream } from '../tensor/random.ts';
import type { TrainingConfig } from './config.ts';

/** Images of a bank, and what a step sees of each. */
export interface Views {
  indices: number[];
  views: View[];
}

/** The images of one step from both domains. */
export interface Batch {
  a: Views;
  b: Views;
}

/** Streams below belong to the networks' first weights and the image pools. */
const FIRST_EPOCH_STREAM = 16;

/** Steps of an epoch: the larger domain once, without an incomplete last batch. */
export function stepsPerEpoch(counts: { a: number; b: number }, batchSize: number): number {
  return Math.max(1, Math.floor(Math.max(counts.a, counts.b) / batchSize));
}

/**
 * Every batch of an epoch, as the reference's unaligned data set draws them: the larger domain's number of indices in
 * random order, wrapped around for A; an independent random image for B. A pure function of its arguments, so that a
 * resumed run sees what an uninterrupted one sees.
 *
 * @param epoch counted from 1
 */
export function planEpoch(config: TrainingConfig, counts: { a: number; b: number }, epoch: number): Batch[] {
  const random = new RandomStream(config.seed, FIRST_EPOCH_STREAM + epoch);
  const { batchSize } = config;
  const steps = stepsPerEpoch(counts, batchSize);
  const longest = Math.max(counts.a, counts.b, batchSize);
  const order = random.shuffle([...Array(longest).keys()]);
  return Array.from({ length: steps }, (_, step) => {
    const places = order.slice(step * batchSize, (step + 1) * batchSize);
    const views = () => places.map(() => randomView(config, random));
    return {
      a: { indices: places.map((place) => place % counts.a), views: views() },
      b: { indices: places.map(() => random.integer(counts.b)), views: views() },
    };
  });
}

function randomView({ loadSize, cropSize, flip, rotate }: TrainingConfig, random: RandomStream): View {
  const places = loadSize - cropSize + 1;
  const [x, y] = [random.integer(places), random.integer(places)];
  const [mirrored, turns] = [random.uniform() < 0.5, random.integer(4)];
  return { x, y, width: cropSize, height: cropSize, flip: flip && mirrored, turns: rotate ? quarterTurns(turns) : 0 };
}

function quarterTurns(turns: number): View['turns'] {
  return turns === 1 || turns === 2 || turns === 3 ? turns : 0;
}
