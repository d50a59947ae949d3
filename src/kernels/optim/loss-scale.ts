/** Gradients of a scaled loss: finding those that overflowed, and adapting the scale. */
import type { Device } from '../../gpu/device.ts';
import { type BufferSlice, immediates } from '../../gpu/launch.ts';
import { flatGrid } from '../flat-grid.ts';
import { kernel } from '../source.ts';
import type { PackedBuffers, ScaledBuffers } from './packed.ts';

/** Words of the state before those of the first optimiser: the scale as f32, and the good steps since it changed. */
export const SCALE_WORDS = 2;
/** Words of each optimiser: the outcome of its last step, and the steps that it took. */
export const OPTIMISER_WORDS = 2;

/** Notes in the state whether one of the packed gradients is infinite or NaN. */
export function findNonFinite(
  device: Device,
  { gradients, live, count }: PackedBuffers,
  { state, outcome }: ScaledBuffers,
): void {
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
