import type { Device } from '../gpu/device.ts';
import { type BufferSlice, immediates } from '../gpu/launch.ts';
import { flatGrid } from './flat-grid.ts';
import { kernel } from './source.ts';

/** Lends a buffer of so many bytes to `use`; it is free for reuse by whatever is launched afterwards. */
export function withTemporary<T>(device: Device, bytes: number, use: (slice: BufferSlice) => T): T {
  const buffer = device.pool.take(bytes);
  try {
    return use({ buffer, offset: 0, size: Math.ceil(bytes / 16) * 16 });
  } finally {
    device.pool.release(buffer);
  }
}

/** Lends a buffer for `count` f32 partial results; see {@link withTemporary}. */
export function withParts(device: Device, count: number, use: (parts: BufferSlice) => void): void {
  withTemporary(device, 4 * count, use);
}

export interface SumPartsArguments {
  /** [parts, count] */
  readonly part: BufferSlice;
  readonly parts: number;
  /** [count] */
  readonly out: BufferSlice;
  readonly count: number;
  /** Add to what `out` holds. */
  readonly accumulate: boolean;
}

/** out (+)= the sum over parts of part, in a fixed order. */
export function sumParts(device: Device, { part, parts, out, count, accumulate }: SumPartsArguments): void {
  device.launch({
    kernel: kernel('reduce/sum-parts'),
    bindings: [part, out],
    immediates: immediates(count, parts, accumulate ? 1 : 0),
    workgroups: flatGrid(device, count),
    label: 'sumParts',
    flops: count * parts,
    bytes: 4 * count * (parts + 1),
  });
}
