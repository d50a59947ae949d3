import type { Device } from '../../gpu/device.ts';
import { type BufferSlice, immediates } from '../../gpu/launch.ts';
import type { Variable } from '../../gpu/variables.ts';
import { flatGrid } from '../elementwise.ts';
import { kernel } from '../source.ts';

/** average += rate · (x − average) over `count` packed elements, a multiple of 4. @param rate a variable with its f32 bits */
export function movingAverage(
  device: Device,
  x: BufferSlice,
  average: BufferSlice,
  rate: Variable,
  count: number,
): void {
  device.launch({
    kernel: kernel('optim/moving-average'),
    bindings: [x, average, device.variables.slice],
    immediates: immediates(count / 4, rate.start),
    workgroups: flatGrid(count),
    label: 'movingAverage',
    flops: 3 * count,
    bytes: 12 * count,
  });
}
