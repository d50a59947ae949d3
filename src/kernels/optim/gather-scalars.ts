import type { Device } from '../../gpu/device.ts';
import { type BufferSlice, immediates } from '../../gpu/launch.ts';
import type { Variable } from '../../gpu/variables.ts';
import { kernel } from '../source.ts';

/** A scalar [1], and the column of a row where it goes. */
interface LoggedScalar {
  scalar: BufferSlice;
  column: number;
}

/** Scalars of one launch: WebGPU promises eight storage buffers, and two are taken. */
const PER_LAUNCH = 4;

/** out[row + column] = scalar for each entry. @param row a variable with the row's first element */
export function gatherScalars(device: Device, row: Variable, entries: readonly LoggedScalar[], out: BufferSlice): void {
  for (let start = 0; start < entries.length; start += PER_LAUNCH) {
    const [a, b, c, d] = entries.slice(start, start + PER_LAUNCH);
    if (!a) return;
    const four = [a, b ?? a, c ?? a, d ?? a];
    const count = Math.min(PER_LAUNCH, entries.length - start);
    device.launch({
      kernel: kernel('reduce/gather-scalars'),
      bindings: [device.variables.slice, ...four.map(({ scalar }) => scalar), out],
      // The columns are a vec4u, which begins at a multiple of 16 bytes.
      immediates: immediates(row.start, count, 0, 0, ...four.map(({ column }) => column)),
      workgroups: [1, 1, 1],
      label: 'gatherScalars',
      flops: 0,
      bytes: 8 * count,
    });
  }
}
