/**
 * The linear rule of the reference CycleGAN: 1 up to `epochs`, then down in equal steps to 0 at `epochs + decayEpochs + 1`.
 *
 * @param position the scheduler's own count: its first epoch number plus the times it was stepped
 * @param epochs positions at the full rate. @param decayEpochs positions between 1 and 0.
 */
export function linearRule(position: number, epochs: number, decayEpochs: number): number {
  return 1 - Math.max(0, position - epochs) / (decayEpochs + 1);
}

/**
 * The learning rate's factor in an epoch as the reference CycleGAN trains: its scheduler is stepped before each epoch, so
 * that the decay begins with the last of the full epochs, and the last epoch of all has the factor 0.
 *
 * @param epoch from 1 to `epochs + decayEpochs`
 */
export function referenceFactor(epoch: number, epochs: number, decayEpochs: number): number {
  return linearRule(epoch + 1, epochs, decayEpochs);
}

/**
 * The learning rate's factor in an epoch as the paper's authors train: 1 for the first tenth of the epochs, then linear
 * to 0, stepped after each epoch, so that the last one still moves.
 *
 * @param epoch from 1 to `epochs`
 */
export function paperFactor(epoch: number, epochs: number): number {
  const constant = epochs / 10;
  return 1 - Math.max(0, epoch - 1 - constant) / (epochs - constant);
}
