/** What batch normalisation has besides instance normalisation, whose kernels see a batch as one image: running statistics. */
import type { Device } from '../gpu/device.ts';
import { type BufferSlice, f32, immediates } from '../gpu/launch.ts';
import { ACTIVATION_CODES, type Activation } from './activation.ts';
import { flatGrid } from './flat-grid.ts';
import { DTYPE_BYTES, type FloatDType, kernel } from './source.ts';

interface EvaluateArguments {
  readonly x: BufferSlice;
  readonly mean: BufferSlice;
  readonly variance: BufferSlice;
  /** γ and β, one value a channel each. */
  readonly affine: { readonly gamma: BufferSlice; readonly beta: BufferSlice } | null;
  readonly y: BufferSlice;
  readonly eps: number;
  /** Whether the mean is taken off and β added; without, it is what gradients are multiplied by. */
  readonly shift: boolean;
  readonly activation: Activation;
  /** Elements of x. */
  readonly count: number;
  readonly channels: number;
  readonly dtype: FloatDType;
}

/** y = activation(γ · (x − mean) / √(variance + eps) + β), channel by channel. */
export function evaluateBatchNorm(device: Device, args: EvaluateArguments): void {
  const { x, mean, variance, affine, y, eps, shift, activation, count, channels, dtype } = args;
  const constants = { SHIFT: shift ? 1 : 0, AFFINE: affine ? 1 : 0, ACTIVATION: ACTIVATION_CODES[activation] };
  device.launch({
    kernel: kernel('batch-norm/evaluate', constants, { dtype }),
    bindings: [x, mean, variance, affine?.gamma ?? mean, affine?.beta ?? mean, y],
    immediates: immediates(count, channels, f32(eps)),
    workgroups: flatGrid(device, count),
    label: 'batchNorm.evaluate',
    flops: 4 * count,
    bytes: 2 * DTYPE_BYTES[dtype] * count,
  });
}

interface RunningArguments {
  /** [2, channels]: means, and 1 / √(biased variance + eps). */
  readonly stats: BufferSlice;
  readonly mean: BufferSlice;
  readonly variance: BufferSlice;
  readonly eps: number;
  readonly momentum: number;
  /** Values of a channel in the batch. */
  readonly values: number;
  readonly channels: number;
}

/** Moves the running statistics towards those of a batch. */
export function updateRunning(
  device: Device,
  { stats, mean, variance, eps, momentum, values, channels }: RunningArguments,
): void {
  device.launch({
    kernel: kernel('batch-norm/running'),
    bindings: [stats, mean, variance],
    immediates: immediates(channels, ...[eps, momentum, values / (values - 1)].map(f32)),
    workgroups: flatGrid(device, channels),
    label: 'batchNorm.running',
    flops: 10 * channels,
    bytes: 24 * channels,
  });
}
