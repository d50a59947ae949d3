import type { Device } from '../gpu/device.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { randomNormal } from '../tensor/random.ts';
import { Tensor } from '../tensor/tensor.ts';

/** Makes the first values of a layer's parameters. */
export interface Initialiser {
  weight(shape: readonly number[]): Tensor;
  bias(shape: readonly number[]): Tensor;
  /** The factors of a norm. */
  factor(shape: readonly number[]): Tensor;
}

/** Streams set aside for each network; those below belong to whoever draws on the host. */
const STREAMS = 2 ** 16;

/**
 * The reference's: weights from N(0, 0.02), biases 0, factors of norms from N(1, 0.02). Networks of one seed differ by `stream`.
 *
 * @throws CyclopsError unless `stream` is a whole number below 65,535, and, when it makes a weight, unless `seed` is one below 2^53
 */
export function normalInitialiser(device: Device, { seed, stream }: { seed: number; stream: number }): Initialiser {
  if (!(Number.isInteger(stream) && stream >= 0 && stream < STREAMS - 1)) {
    throw new CyclopsError(`The stream of a network must be a whole number from 0 to ${STREAMS - 2}; got ${stream}.`);
  }
  let next = STREAMS * (1 + stream);
  const normal = (mean: number) => (shape: readonly number[]) =>
    randomNormal(device, shape, { seed, stream: next++, mean, std: 0.02 });
  return {
    weight: normal(0),
    bias: (shape) => Tensor.from(device, new Float32Array(shape.reduce((count, extent) => count * extent, 1)), shape),
    factor: normal(1),
  };
}
