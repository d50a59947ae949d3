/** Sums, differences, products and quotients, element by element. */
import type { Device } from '../gpu/device.ts';
import { type BufferSlice, ceilDiv, immediates } from '../gpu/launch.ts';
import { type Axes, axesImmediates, countOver } from './axes.ts';
import { flatGrid } from './flat-grid.ts';
import { DTYPE_BYTES, type FloatDType, kernel } from './source.ts';

export type Arithmetic = 'add' | 'sub' | 'mul' | 'div';

/** The values of the kernels' `override` constant KIND. */
const CODES: Readonly<Record<Arithmetic, number>> = { add: 0, sub: 1, mul: 2, div: 3 };

interface ArithmeticArguments {
  readonly kind: Arithmetic;
  readonly a: BufferSlice;
  readonly b: BufferSlice;
  /** Another buffer than `a` and `b`. */
  readonly out: BufferSlice;
  /** Of all three; f32 unless told otherwise. */
  readonly dtype?: FloatDType;
}

/** out = a ∘ b, `count` elements of each. */
export function arithmetic(
  device: Device,
  { kind, a, b, out, count, dtype = 'f32' }: ArithmeticArguments & { readonly count: number },
): void {
  const vec4s = ceilDiv(count, 4);
  device.launch({
    kernel: kernel('elementwise/arithmetic', { KIND: CODES[kind] }, { dtype }),
    bindings: [a, b, out],
    immediates: immediates(vec4s),
    workgroups: flatGrid(device, vec4s),
    label: kind,
    flops: count,
    bytes: 3 * DTYPE_BYTES[dtype] * count,
  });
}

/** out = a ∘ b, where out has all axes, and `masks` say which a and b have. */
export function arithmeticBroadcast(
  device: Device,
  { kind, a, b, out, axes, dtype = 'f32' }: ArithmeticArguments & { readonly axes: Axes },
): void {
  const { extents, masks } = axes;
  const [ofA = 0, ofB = 0] = masks;
  const count = extents.reduce((product, extent) => product * extent, 1);
  device.launch({
    kernel: kernel('elementwise/arithmetic-broadcast', { KIND: CODES[kind], RANK: extents.length }, { dtype }),
    bindings: [a, b, out],
    immediates: immediates(count, ...axesImmediates(extents), ofA, ofB),
    workgroups: flatGrid(device, count),
    label: kind,
    flops: count,
    bytes: DTYPE_BYTES[dtype] * (count + countOver(extents, ofA) + countOver(extents, ofB)),
  });
}
