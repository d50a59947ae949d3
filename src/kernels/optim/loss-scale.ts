/** Gradients of a scaled loss: finding those that overflowed, stepping along the others, and adapting the scale. */
import type { Device } from '../../gpu/device.ts';
import { type BufferSlice, f32, immediates } from '../../gpu/launch.ts';
import type { Variable } from '../../gpu/variables.ts';
import { flatGrid } from '../elementwise.ts';
import { kernel } from '../source.ts';
import type { AdamBuffers, AdamConstants } from './adam.ts';

/** Words of the state before those of the first optimiser: the scale as f32, and the good steps since it changed. */
export const SCALE_WORDS = 2;
/** Words of each optimiser: the outcome of its last step, and the steps that it took. */
export const OPTIMISER_WORDS = 2;

/** Notes in `state` whether one of `count` packed gradients is infinite or NaN. @param outcome the optimiser's first word */
export function findNonFinite(
  device: Device,
  { gradients, live }: AdamBuffers,
  state: BufferSlice,
  outcome: number,
  count: number,
): void {
  device.launch({
    kernel: kernel('optim/find-non-finite'),
    bindings: [gradients, live, state],
    immediates: immediates(count / 4, outcome),
    workgroups: flatGrid(count),
    label: 'findNonFinite',
    flops: 0,
    bytes: 4 * count,
  });
}

/**
 * One Adam step along gradients that are multiplied by the scale, unless one of them is not finite.
 *
 * @param learningRate a variable with its f32 bits. @param outcome the optimiser's first word in `state`
 * @param halves receives the parameters as f16
 */
export function adamMixed(
  device: Device,
  { gradients, live, parameters, expAvg, expAvgSq }: AdamBuffers,
  { betas: [beta1, beta2], eps }: AdamConstants,
  learningRate: Variable,
  { state, outcome, halves }: { state: BufferSlice; outcome: number; halves: BufferSlice },
  count: number,
): void {
  const constants = [beta1, beta2, 1 - beta1, 1 - beta2, eps].map(f32);
  device.launch({
    kernel: kernel('optim/adam-mixed'),
    bindings: [gradients, live, parameters, expAvg, expAvgSq, device.variables.slice, state, halves],
    immediates: immediates(count / 4, learningRate.start, outcome, ...constants),
    workgroups: flatGrid(count),
    label: 'adam',
    flops: 16 * count,
    bytes: 30 * count,
  });
}

/** Ends a step: the scale halves if an optimiser's gradients overflowed, and doubles after `interval` steps without that. */
export function updateScale(device: Device, state: BufferSlice, optimisers: number, interval: number): void {
  device.launch({
    kernel: kernel('optim/update-scale'),
    bindings: [state],
    immediates: immediates(optimisers, interval),
    workgroups: [1, 1, 1],
    label: 'updateScale',
    flops: 0,
    bytes: 8 * (SCALE_WORDS + OPTIMISER_WORDS * optimisers),
  });
}
