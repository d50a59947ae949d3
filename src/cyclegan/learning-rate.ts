import { paperFactor, referenceFactor } from '../optim/schedule.ts';
import type { TrainingConfig } from './config.ts';

/** How long a run is. */
export interface TrainingLength {
  steps: number;
  epochs: number;
  stepsPerEpoch: number;
}

/** The length that a configuration asks for, when an epoch has `stepsPerEpoch` steps. */
export function trainingLength(
  { steps, nEpochs, nEpochsDecay }: TrainingConfig,
  stepsPerEpoch: number,
): TrainingLength {
  const epochs = steps === null ? nEpochs + nEpochsDecay : Math.ceil(steps / stepsPerEpoch);
  return { steps: steps ?? epochs * stepsPerEpoch, epochs, stepsPerEpoch };
}

/**
 * The learning rate of an epoch. With `steps` the reference's decay is laid over the second half of the epochs, and its
 * last point, a rate of zero, falls behind the end: a short training should not waste an epoch on it.
 *
 * @param epoch counted from 1
 */
export function learningRate(config: TrainingConfig, { epochs }: TrainingLength, epoch: number): number {
  if (config.schedule === 'paper') return config.lr * paperFactor(epoch, epochs);
  if (config.steps === null) return config.lr * referenceFactor(epoch, config.nEpochs, config.nEpochsDecay);
  const constant = Math.ceil(epochs / 2);
  return config.lr * referenceFactor(epoch, constant + 1, epochs - constant);
}
