/** Activation functions and their derivatives, element by element. */
import type { Device } from '../gpu/device.ts';
import { type BufferSlice, ceilDiv, f32, immediates } from '../gpu/launch.ts';
import type { Elements } from './elementwise.ts';
import { flatGrid } from './flat-grid.ts';
import { DTYPE_BYTES, kernel } from './source.ts';

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

/** Which activation, on what. */
interface ActivationElements extends Elements {
  readonly kind: ActivationKind;
  /** Of the leaky ReLU; {@link LEAKY_SLOPE} unless told otherwise. */
  readonly slope?: number | undefined;
}

interface ActivationArguments extends ActivationElements {
  readonly x: BufferSlice;
  readonly out: BufferSlice;
}

/** out = act(x). */
export function activation(
  device: Device,
  { kind, slope = LEAKY_SLOPE, x, out, count, dtype = 'f32' }: ActivationArguments,
): void {
  const vec4s = ceilDiv(count, 4);
  device.launch({
    kernel: kernel('elementwise/activation', { KIND: ACTIVATION_CODES[kind] }, { dtype }),
    bindings: [x, out],
    immediates: immediates(vec4s, f32(slope)),
    workgroups: flatGrid(device, vec4s),
    label: `${kind}.forward`,
    flops: count,
    bytes: 2 * DTYPE_BYTES[dtype] * count,
  });
}

interface ActivationBackwardArguments extends ActivationElements {
  readonly output: BufferSlice;
  readonly gradOutput: BufferSlice;
  readonly gradX: BufferSlice;
}

/** gradX = gradOutput · act′, with act′ written in terms of `output` = act(x), so that x need not be kept. */
export function activationBackward(
  device: Device,
  { kind, slope = LEAKY_SLOPE, output, gradOutput, gradX, count, dtype = 'f32' }: ActivationBackwardArguments,
): void {
  const vec4s = ceilDiv(count, 4);
  device.launch({
    kernel: kernel('elementwise/activation-backward', { KIND: ACTIVATION_CODES[kind] }, { dtype }),
    bindings: [output, gradOutput, gradX],
    immediates: immediates(vec4s, f32(slope)),
    workgroups: flatGrid(device, vec4s),
    label: `${kind}.backward`,
    flops: 2 * count,
    bytes: 3 * DTYPE_BYTES[dtype] * count,
  });
}
