/** Activation functions and their derivatives, element by element. */
import type { Device } from '../gpu/device.ts';
import { type BufferSlice, f32, immediates } from '../gpu/launch.ts';
import { flatGrid } from './elementwise.ts';
import { DTYPE_BYTES, type FloatDType, kernel } from './source.ts';

/** What a layer may apply to its output inside its own kernel; the leaky ReLU there has {@link LEAKY_SLOPE}. */
export type Activation = 'none' | 'relu' | 'leaky_relu' | 'tanh';

/** What a launch of its own computes. */
export type ActivationKind = Exclude<Activation, 'none'> | 'sigmoid';

/** The values of a kernel's `override` constant that chooses its activation. */
export const ACTIVATION_CODES: Readonly<Record<Activation | ActivationKind, number>> = {
  none: 0,
  relu: 1,
  leaky_relu: 2,
  tanh: 3,
  sigmoid: 4,
};

/** Slope of the leaky ReLU for negative inputs in the PatchGAN discriminator. */
export const LEAKY_SLOPE = 0.2;

/** out = act(x), both of `stored`. `slope` belongs to the leaky ReLU. */
export function activation(
  device: Device,
  kind: ActivationKind,
  x: BufferSlice,
  out: BufferSlice,
  count: number,
  dtype: FloatDType = 'f32',
  slope = LEAKY_SLOPE,
): void {
  device.launch({
    kernel: kernel('elementwise/activation', { KIND: ACTIVATION_CODES[kind] }, { dtype }),
    bindings: [x, out],
    immediates: immediates(Math.ceil(count / 4), f32(slope)),
    workgroups: flatGrid(count),
    label: `${kind}.forward`,
    flops: count,
    bytes: 2 * DTYPE_BYTES[dtype] * count,
  });
}

/** gradX = gradOutput · act′, with act′ written in terms of `output` = act(x), so that x need not be kept. */
export function activationBackward(
  device: Device,
  kind: ActivationKind,
  output: BufferSlice,
  gradOutput: BufferSlice,
  gradX: BufferSlice,
  count: number,
  dtype: FloatDType = 'f32',
  slope = LEAKY_SLOPE,
): void {
  device.launch({
    kernel: kernel('elementwise/activation-backward', { KIND: ACTIVATION_CODES[kind] }, { dtype }),
    bindings: [output, gradOutput, gradX],
    immediates: immediates(Math.ceil(count / 4), f32(slope)),
    workgroups: flatGrid(count),
    label: `${kind}.backward`,
    flops: 2 * count,
    bytes: 3 * DTYPE_BYTES[dtype] * count,
  });
}
