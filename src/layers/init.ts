import { COUNT, requireNumber, requireOptions, shown } from '../gpu/arguments.ts';
import type { Device } from '../gpu/device.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { filled } from '../tensor/filled.ts';
import { randomNormal } from '../tensor/random.ts';
import { requireDevice } from '../tensor/require-device.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Makes the first values of a layer's parameters. */
export interface Initialiser {
  weight(shape: readonly number[]): Tensor;
  bias(shape: readonly number[]): Tensor;
  /** The factors of a norm. */
  factor(shape: readonly number[]): Tensor;
}

/** @throws CyclopsError naming the layer for what makes no parameters */
export function requireInitialiser(layer: string, init: Partial<Initialiser>, ...parts: (keyof Initialiser)[]): void {
  if (parts.every((part) => typeof init?.[part] === 'function')) return;
  throw new CyclopsError(
    `${layer} needs an initialiser of its parameters, such as normalInitialiser's; got ${shown(init)}.`,
  );
}

/** Streams set aside for each network; those below belong to whoever draws on the host. */
const STREAMS = 2 ** 16;

/**
 * The reference's: weights from N(0, 0.02), biases 0, factors of norms from N(1, 0.02). Networks of one seed differ by `stream`.
 *
 * @throws CyclopsError unless `stream` is a whole number below 65,535 and `seed` one below 2^53
 */
export function normalInitialiser(device: Device, options: { seed: number; stream: number }): Initialiser {
  requireDevice('normalInitialiser', device);
  requireOptions('normalInitialiser', options);
  const { seed, stream } = options;
  requireNumber('a network', 'seed', seed, COUNT);
  if (!(Number.isInteger(stream) && stream >= 0 && stream < STREAMS - 1)) {
    throw new CyclopsError(
      `The stream of a network must be a whole number from 0 to ${STREAMS - 2}; got ${shown(stream)}.`,
    );
  }
  let next = STREAMS * (1 + stream);
  const normal = (mean: number) => (shape: readonly number[]) =>
    randomNormal(device, shape, { seed, stream: next++, mean, std: 0.02 });
  return {
    weight: normal(0),
    bias: (shape) => filled(device, shape, 0),
    factor: normal(1),
  };
}
