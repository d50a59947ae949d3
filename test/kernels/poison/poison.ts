/** What a launch finds in workgroup memory, which nothing sets to zero: see gpu/host/dawn.ts. */
import type { Device } from '../../../src/gpu/device.ts';
import { type BufferSlice, immediates } from '../../../src/gpu/launch.ts';
import { kernel } from '../../../src/kernels/source.ts';
import { withTemporary } from '../../../src/kernels/sum-parts.ts';

/** So many that each of a device's processors has some. */
const WORKGROUPS = 64;

function launch(device: Device, name: 'poison' | 'peek', out: BufferSlice, workgroups: number): void {
  device.launch({
    kernel: kernel(new URL(`./${name}.wgsl`, import.meta.url)),
    bindings: [out],
    immediates: immediates(),
    workgroups: [workgroups, 1, 1],
    label: name,
    flops: 0,
    bytes: out.size,
  });
}

/** Leaves NaN in 16 KiB of the workgroup memory of whatever is launched next. */
export function poisonWorkgroups(device: Device): void {
  withTemporary(device, 4 * WORKGROUPS, (out) => launch(device, 'poison', out, WORKGROUPS));
}

/** The 16 KiB that a workgroup begins with. */
export async function peek(device: Device): Promise<Float32Array> {
  const buffer = device.pool.take(4 * 4096);
  const out = { buffer, offset: 0, size: 4 * 4096 };
  launch(device, 'peek', out, 1);
  const found = new Float32Array(await device.read(out));
  device.pool.release(buffer);
  return found;
}
