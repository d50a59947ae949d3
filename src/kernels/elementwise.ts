/** Kernels that visit each element once. Buffers hold whole vec4s, so a count that is no multiple of 4 writes into its own padding. */
import type { Device } from '../gpu/device.ts';
import { type BufferSlice, f32, groups, immediates } from '../gpu/launch.ts';
import { kernel } from './source.ts';

/** Workgroups of 64 invocations, one vec4 each, for a grid-stride loop over `count` elements. */
export function flatGrid(count: number): [number, number, number] {
  return [Math.min(groups(Math.ceil(count / 4), 64), 65535), 1, 1];
}

/** out = a + b. `out` must be another buffer than `a` and `b`. */
export function add(device: Device, a: BufferSlice, b: BufferSlice, out: BufferSlice, count: number): void {
  device.launch({
    kernel: kernel('add', 'rrw'),
    bindings: [a, b, out],
    immediates: immediates(Math.ceil(count / 4)),
    workgroups: flatGrid(count),
    label: 'add',
    flops: count,
    bytes: 12 * count,
  });
}

/** target += x. */
export function accumulate(device: Device, x: BufferSlice, target: BufferSlice, count: number): void {
  device.launch({
    kernel: kernel('accumulate', 'rw'),
    bindings: [x, target],
    immediates: immediates(Math.ceil(count / 4)),
    workgroups: flatGrid(count),
    label: 'accumulate',
    flops: count,
    bytes: 12 * count,
  });
}

/** out = x · factor. */
export function scale(device: Device, x: BufferSlice, factor: number, out: BufferSlice, count: number): void {
  device.launch({
    kernel: kernel('scale', 'rw'),
    bindings: [x, out],
    immediates: immediates(Math.ceil(count / 4), f32(factor)),
    workgroups: flatGrid(count),
    label: 'scale',
    flops: count,
    bytes: 8 * count,
  });
}

/** out = x, element by element from `start` of x: also how part of a batch is copied out. */
export function copy(device: Device, x: BufferSlice, out: BufferSlice, count: number, start = 0, outStart = 0): void {
  device.launch({
    kernel: kernel('copy', 'rw'),
    bindings: [x, out],
    immediates: immediates(count, start, outStart),
    workgroups: flatGrid(4 * count),
    label: 'copy',
    flops: 0,
    bytes: 8 * count,
  });
}

/** out = value everywhere. */
export function fill(device: Device, value: number, out: BufferSlice, count: number): void {
  device.launch({
    kernel: kernel('fill', 'w'),
    bindings: [out],
    immediates: immediates(Math.ceil(count / 4), f32(value)),
    workgroups: flatGrid(count),
    label: 'fill',
    flops: 0,
    bytes: 4 * count,
  });
}
