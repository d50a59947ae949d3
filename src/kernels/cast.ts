/** Copies between f32 and f16, element by element. */
import type { Device } from '../gpu/device.ts';
import { type BufferSlice, immediates } from '../gpu/launch.ts';
import { flatGrid } from './elementwise.ts';
import { kernel } from './source.ts';

/** out = x, from f32 to f16: rounded, and infinite beyond ±65504. */
export function narrow(device: Device, x: BufferSlice, out: BufferSlice, count: number): void {
  cast(device, 'narrow', x, out, count);
}

/** out = x, from f16 to f32. */
export function widen(device: Device, x: BufferSlice, out: BufferSlice, count: number): void {
  cast(device, 'widen', x, out, count);
}

function cast(device: Device, name: 'narrow' | 'widen', x: BufferSlice, out: BufferSlice, count: number): void {
  device.launch({
    kernel: kernel(`elementwise/${name}`),
    bindings: [x, out],
    immediates: immediates(Math.ceil(count / 4)),
    workgroups: flatGrid(count),
    label: name,
    flops: 0,
    bytes: 6 * count,
  });
}
