import type { Device } from '../../gpu/device.ts';
import { type BufferSlice, f32, immediates } from '../../gpu/launch.ts';
import type { Variable } from '../../gpu/variables.ts';
import { flatGrid } from '../flat-grid.ts';
import { kernel } from '../source.ts';

export interface AdamBuffers {
  gradients: BufferSlice;
  /** One bit an element, lowest first: 1 = a parameter, 0 = padding, which keeps its value. */
  live: BufferSlice;
  parameters: BufferSlice;
  expAvg: BufferSlice;
  expAvgSq: BufferSlice;
}

export interface AdamConstants {
  betas: readonly [number, number];
  eps: number;
}

/** What changes from step to step: the variables' words for `step`, counted from 1, at the learning rate `lr`. */
export function adamVariables({ betas }: AdamConstants, lr: number, step: number): number[] {
  const [beta1, beta2] = betas;
  return [lr / (1 - beta1 ** step), 1 / Math.sqrt(1 - beta2 ** step)].map(f32);
}

interface AdamArguments extends AdamBuffers {
  /** Holds {@link adamVariables}. */
  readonly variable: Variable;
  /** Packed elements, a multiple of 4. */
  readonly count: number;
}

/** One Adam step. */
export function adam(device: Device, { betas, eps }: AdamConstants, args: AdamArguments): void {
  const { gradients, live, parameters, expAvg, expAvgSq, variable, count } = args;
  const [beta1, beta2] = betas;
  device.launch({
    kernel: kernel('optim/adam'),
    bindings: [gradients, live, parameters, expAvg, expAvgSq, device.variables.slice],
    immediates: immediates(count / 4, variable.start, ...[beta1, beta2, 1 - beta1, 1 - beta2, eps].map(f32)),
    workgroups: flatGrid(device, count / 4),
    label: 'adam',
    flops: 15 * count,
    bytes: 28 * count,
  });
}
