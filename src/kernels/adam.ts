import type { Device } from '../gpu/device.ts';
import { type BufferSlice, f32, immediates } from '../gpu/launch.ts';
import { flatGrid } from './elementwise.ts';
import { kernel } from './source.ts';

export interface AdamBuffers {
  gradients: BufferSlice;
  /** One bit an element, lowest first: 1 = a parameter, 0 = padding, which keeps its value. */
  live: BufferSlice;
  parameters: BufferSlice;
  expAvg: BufferSlice;
  expAvgSq: BufferSlice;
}

export interface AdamConstants {
  lr: number;
  betas: readonly [number, number];
  eps: number;
  /** Number of this step, from 1. */
  step: number;
}

/** One Adam step over `count` packed elements, a multiple of 4. */
export function adam(device: Device, buffers: AdamBuffers, constants: AdamConstants, count: number): void {
  const { lr, betas, eps, step } = constants;
  const [beta1, beta2] = betas;
  const stepSize = lr / (1 - beta1 ** step);
  const secondMomentScale = 1 / Math.sqrt(1 - beta2 ** step);
  device.launch({
    kernel: kernel('adam', 'rrwww'),
    bindings: [buffers.gradients, buffers.live, buffers.parameters, buffers.expAvg, buffers.expAvgSq],
    immediates: immediates(
      count / 4,
      ...[stepSize, beta1, beta2, 1 - beta1, 1 - beta2, secondMomentScale, eps].map(f32),
    ),
    workgroups: flatGrid(count),
    label: 'adam',
    flops: 15 * count,
    bytes: 28 * count,
  });
}
