import type { Device } from '../gpu/device.ts';
import { type BufferSlice, immediates } from '../gpu/launch.ts';
import { flatGrid } from './elementwise.ts';
import { kernel } from './source.ts';

/** Lends a buffer for `count` f32 partial results to `use`; it is free for reuse by whatever is launched afterwards. */
export function withParts(device: Device, count: number, use: (parts: BufferSlice) => void): void {
  const buffer = device.pool.take(4 * count);
  use({ buffer, offset: 0, size: Math.ceil(count / 4) * 16 });
  device.pool.release(buffer);
}

/** out (+)= the sum over parts of part [parts, count], in a fixed order. */
export function sumParts(
  device: Device,
  part: BufferSlice,
  out: BufferSlice,
  count: number,
  parts: number,
  accumulate: boolean,
): void {
  device.launch({
    kernel: kernel('sum_parts', 'rw'),
    bindings: [part, out],
    immediates: immediates(count, parts, accumulate ? 1 : 0),
    workgroups: flatGrid(4 * count),
    label: 'sumParts',
    flops: count * parts,
    bytes: 4 * count * (parts + 1),
  });
}
