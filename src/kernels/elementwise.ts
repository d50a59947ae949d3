/** Kernels that visit each element once; all tensors of a launch are stored alike. Buffers hold whole vec4s, so a count that is no multiple of 4 writes into its own padding. */
import type { Device } from '../gpu/device.ts';
import { type BufferSlice, ceilDiv, f32, immediates } from '../gpu/launch.ts';
import { DTYPE_BYTES, type FloatDType, kernel } from './source.ts';

/** Workgroups of 64 invocations, one vec4 each, for a grid-stride loop over `count` elements. */
export function flatGrid(count: number): [number, number, number] {
  return [Math.min(ceilDiv(Math.ceil(count / 4), 64), 65535), 1, 1];
}

/** out = a + b. `out` must be another buffer than `a` and `b`. */
export function add(
  device: Device,
  a: BufferSlice,
  b: BufferSlice,
  out: BufferSlice,
  count: number,
  dtype: FloatDType = 'f32',
): void {
  device.launch({
    kernel: kernel('elementwise/add', {}, { dtype }),
    bindings: [a, b, out],
    immediates: immediates(Math.ceil(count / 4)),
    workgroups: flatGrid(count),
    label: 'add',
    flops: count,
    bytes: 3 * DTYPE_BYTES[dtype] * count,
  });
}

/** target += x. */
export function accumulate(
  device: Device,
  x: BufferSlice,
  target: BufferSlice,
  count: number,
  dtype: FloatDType = 'f32',
): void {
  device.launch({
    kernel: kernel('elementwise/accumulate', {}, { dtype }),
    bindings: [x, target],
    immediates: immediates(Math.ceil(count / 4)),
    workgroups: flatGrid(count),
    label: 'accumulate',
    flops: count,
    bytes: 3 * DTYPE_BYTES[dtype] * count,
  });
}

/** out = x · factor. */
export function scale(
  device: Device,
  x: BufferSlice,
  factor: number,
  out: BufferSlice,
  count: number,
  dtype: FloatDType = 'f32',
): void {
  device.launch({
    kernel: kernel('elementwise/scale', {}, { dtype }),
    bindings: [x, out],
    immediates: immediates(Math.ceil(count / 4), f32(factor)),
    workgroups: flatGrid(count),
    label: 'scale',
    flops: count,
    bytes: 2 * DTYPE_BYTES[dtype] * count,
  });
}

/** out = x, element by element from `start` of x to `outStart` of out: also how batches are taken apart and joined. */
export function copy(
  device: Device,
  x: BufferSlice,
  out: BufferSlice,
  count: number,
  { start = 0, outStart = 0, dtype = 'f32' }: { start?: number; outStart?: number; dtype?: FloatDType } = {},
): void {
  device.launch({
    kernel: kernel('elementwise/copy', {}, { dtype }),
    bindings: [x, out],
    immediates: immediates(count, start, outStart),
    workgroups: flatGrid(4 * count),
    label: 'copy',
    flops: 0,
    bytes: 2 * DTYPE_BYTES[dtype] * count,
  });
}

/** out = value everywhere. */
export function fill(device: Device, value: number, out: BufferSlice, count: number, dtype: FloatDType = 'f32'): void {
  device.launch({
    kernel: kernel('elementwise/fill', {}, { dtype }),
    bindings: [out],
    immediates: immediates(Math.ceil(count / 4), f32(value)),
    workgroups: flatGrid(count),
    label: 'fill',
    flops: 0,
    bytes: DTYPE_BYTES[dtype] * count,
  });
}
