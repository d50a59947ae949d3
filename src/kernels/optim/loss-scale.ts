/** Gradients of a scaled loss: finding those that overflowed, stepping along the others, and adapting the scale. */
import type { Device } from '../../gpu/device.ts';
import { type BufferSlice, f32, immediates } from '../../gpu/launch.ts';
import type { Variable } from '../../gpu/variables.ts';
import { flatGrid } from '../flat-grid.ts';
import { kernel } from '../source.ts';
import type { AdamBuffers, AdamConstants } from './adam.ts';

/** Words of the state before those of the first optimiser: the scale as f32, and the good steps since it changed. */
export const SCALE_WORDS = 2;
/** Words of each optimiser: the outcome of its last step, and the steps that it took. */
export const OPTIMISER_WORDS = 2;

/** Where the state of a loss scale lies, and what belongs to one optimiser. */
interface ScaledArguments extends AdamBuffers {
  readonly state: BufferSlice;
  /** The optimiser's first word in the state. */
  readonly outcome: number;
  /** Packed elements, a multiple of 4. */
  readonly count: number;
}

/** Notes in the state whether one of the packed gradients is infinite or NaN. */
export function findNonFinite(device: Device, { gradients, live, state, outcome, count }: ScaledArguments): void {
  device.launch({
    kernel: kernel('optim/find-non-finite'),
    bindings: [gradients, live, state],
    immediates: immediates(count / 4, outcome),
    workgroups: flatGrid(device, count / 4),
    label: 'findNonFinite',
    flops: 0,
    bytes: 4 * count,
  });
}

interface AdamMixedArguments extends ScaledArguments {
  /** The learning rate's f32 bits. */
  readonly learningRate: Variable;
  /** Receives the parameters as f16. */
  readonly halves: BufferSlice;
}

/** One Adam step along gradients that are multiplied by the scale, unless one of them is not finite. */
export function adamMixed(
  device: Device,
  { betas: [beta1, beta2], eps }: AdamConstants,
  args: AdamMixedArguments,
): void {
  const { gradients, live, parameters, expAvg, expAvgSq, learningRate, state, outcome, halves, count } = args;
  const constants = [beta1, beta2, 1 - beta1, 1 - beta2, eps].map(f32);
  device.launch({
    kernel: kernel('optim/adam-mixed'),
    bindings: [gradients, live, parameters, expAvg, expAvgSq, device.variables.slice, state, halves],
    immediates: immediates(count / 4, learningRate.start, outcome, ...constants),
    workgroups: flatGrid(device, count / 4),
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
