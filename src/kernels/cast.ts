/** Copies between f32 and f16, element by element. */
import type { Device } from '../gpu/device.ts';
import { type BufferSlice, ceilDiv, immediates } from '../gpu/launch.ts';
import { flatGrid } from './flat-grid.ts';
import { kernel } from './source.ts';

interface CastArguments {
  readonly x: BufferSlice;
  readonly out: BufferSlice;
  /** Elements of each. */
  readonly count: number;
}

/** out = x, from f32 to f16: rounded, and infinite beyond ±65504. */
export function narrow(device: Device, args: CastArguments): void {
  cast(device, 'narrow', args);
}

/** out = x, from f16 to f32. */
export function widen(device: Device, args: CastArguments): void {
  cast(device, 'widen', args);
}

function cast(device: Device, name: 'narrow' | 'widen', { x, out, count }: CastArguments): void {
  const vec4s = ceilDiv(count, 4);
  device.launch({
    kernel: kernel(`elementwise/${name}`),
    bindings: [x, out],
    immediates: immediates(vec4s),
    workgroups: flatGrid(device, vec4s),
    label: name,
    flops: 0,
    bytes: 6 * count,
  });
}
