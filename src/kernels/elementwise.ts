/**
 * Kernels that visit each element once; all tensors of a launch have one dtype. Buffers hold whole vec4s, so a count that is no
 * multiple of 4 writes into its own padding.
 */
import type { Device } from '../gpu/device.ts';
import { type BufferSlice, ceilDiv, f32, immediates } from '../gpu/launch.ts';
import { flatGrid } from './flat-grid.ts';
import { DTYPE_BYTES, type FloatDType, kernel } from './source.ts';

/** How many elements the tensors of a launch have, and their dtype: f32 unless told otherwise. */
export interface Elements {
  readonly count: number;
  readonly dtype?: FloatDType;
}

interface AccumulateArguments extends Elements {
  readonly x: BufferSlice;
  readonly target: BufferSlice;
}

/** target += x. */
export function accumulate(device: Device, { x, target, count, dtype = 'f32' }: AccumulateArguments): void {
  const vec4s = ceilDiv(count, 4);
  device.launch({
    kernel: kernel('elementwise/accumulate', {}, { dtype }),
    bindings: [x, target],
    immediates: immediates(vec4s),
    workgroups: flatGrid(device, vec4s),
    label: 'accumulate',
    flops: count,
    bytes: 3 * DTYPE_BYTES[dtype] * count,
  });
}

interface ScaleArguments extends Elements {
  readonly x: BufferSlice;
  readonly factor: number;
  readonly out: BufferSlice;
}

/** out = x · factor. */
export function scale(device: Device, { x, factor, out, count, dtype = 'f32' }: ScaleArguments): void {
  const vec4s = ceilDiv(count, 4);
  device.launch({
    kernel: kernel('elementwise/scale', {}, { dtype }),
    bindings: [x, out],
    immediates: immediates(vec4s, f32(factor)),
    workgroups: flatGrid(device, vec4s),
    label: 'scale',
    flops: count,
    bytes: 2 * DTYPE_BYTES[dtype] * count,
  });
}

interface CopyArguments extends Elements {
  readonly x: BufferSlice;
  readonly out: BufferSlice;
  /** The first element that is read of x; 0 unless told otherwise. */
  readonly start?: number;
  /** The first element that is written of out; 0 unless told otherwise. */
  readonly outStart?: number;
}

/** out = x, `count` elements of each: also how batches are taken apart and joined. */
export function copy(device: Device, { x, out, count, start = 0, outStart = 0, dtype = 'f32' }: CopyArguments): void {
  device.launch({
    kernel: kernel('elementwise/copy', {}, { dtype }),
    bindings: [x, out],
    immediates: immediates(count, start, outStart),
    workgroups: flatGrid(device, count),
    label: 'copy',
    flops: 0,
    bytes: 2 * DTYPE_BYTES[dtype] * count,
  });
}

/** Where the elements of a row of memory that are copied begin, and how many it has. */
interface Row {
  readonly start: number;
  readonly length: number;
}

interface CopyRunsArguments extends Elements {
  readonly x: BufferSlice;
  readonly out: BufferSlice;
  /** Neighbouring elements of a row that are copied. `count` is that of all rows. */
  readonly run: number;
  readonly from: Row;
  readonly to: Row;
}

/** A run of each row of x to the same row of out: how tensors are cut and joined along any axis. */
export function copyRuns(device: Device, { x, out, count, run, from, to, dtype = 'f32' }: CopyRunsArguments): void {
  device.launch({
    kernel: kernel('elementwise/copy-runs', {}, { dtype }),
    bindings: [x, out],
    immediates: immediates(count, run, from.length, from.start, to.length, to.start),
    workgroups: flatGrid(device, count),
    label: 'copyRuns',
    flops: 0,
    bytes: 2 * DTYPE_BYTES[dtype] * count,
  });
}

interface FillArguments extends Elements {
  readonly value: number;
  readonly out: BufferSlice;
}

/** out = value everywhere. */
export function fill(device: Device, { value, out, count, dtype = 'f32' }: FillArguments): void {
  const vec4s = ceilDiv(count, 4);
  device.launch({
    kernel: kernel('elementwise/fill', {}, { dtype }),
    bindings: [out],
    immediates: immediates(vec4s, f32(value)),
    workgroups: flatGrid(device, vec4s),
    label: 'fill',
    flops: 0,
    bytes: DTYPE_BYTES[dtype] * count,
  });
}
