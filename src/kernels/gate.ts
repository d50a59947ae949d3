/** Activations x · gate(x) and their derivatives, element by element. */
import type { Device } from '../gpu/device.ts';
import { type BufferSlice, ceilDiv, immediates } from '../gpu/launch.ts';
import type { Elements } from './elementwise.ts';
import { flatGrid } from './flat-grid.ts';
import { DTYPE_BYTES, kernel } from './source.ts';

export type Gate = 'gelu' | 'gelu_tanh' | 'silu';

/** The values of the kernels' `override` constant KIND. */
const CODES: Readonly<Record<Gate, number>> = { gelu: 1, gelu_tanh: 2, silu: 3 };

interface GateArguments extends Elements {
  readonly kind: Gate;
  readonly x: BufferSlice;
  readonly out: BufferSlice;
}

/** out = x · gate(x). */
export function gate(device: Device, { kind, x, out, count, dtype = 'f32' }: GateArguments): void {
  const vec4s = ceilDiv(count, 4);
  device.launch({
    kernel: kernel('elementwise/gate', { KIND: CODES[kind] }, { dtype }),
    bindings: [x, out],
    immediates: immediates(vec4s),
    workgroups: flatGrid(device, vec4s),
    label: `${kind}.forward`,
    flops: 2 * count,
    bytes: 2 * DTYPE_BYTES[dtype] * count,
  });
}

interface GateBackwardArguments extends Elements {
  readonly kind: Gate;
  readonly x: BufferSlice;
  readonly gradOutput: BufferSlice;
  readonly gradX: BufferSlice;
}

/** gradX = gradOutput · (gate(x) + x · gate′(x)). */
export function gateBackward(
  device: Device,
  { kind, x, gradOutput, gradX, count, dtype = 'f32' }: GateBackwardArguments,
): void {
  const vec4s = ceilDiv(count, 4);
  device.launch({
    kernel: kernel('elementwise/gate-backward', { KIND: CODES[kind] }, { dtype }),
    bindings: [x, gradOutput, gradX],
    immediates: immediates(vec4s),
    workgroups: flatGrid(device, vec4s),
    label: `${kind}.backward`,
    flops: 4 * count,
    bytes: 3 * DTYPE_BYTES[dtype] * count,
  });
}
