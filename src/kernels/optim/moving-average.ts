import type { Device } from '../../gpu/device.ts';
import { type BufferSlice, immediates } from '../../gpu/launch.ts';
import type { Variable } from '../../gpu/variables.ts';
import { flatGrid } from '../flat-grid.ts';
import { kernel } from '../source.ts';

interface MovingAverageArguments {
  readonly x: BufferSlice;
  readonly average: BufferSlice;
  /** The rate's f32 bits. */
  readonly rate: Variable;
  /** Packed elements, a multiple of 4. */
  readonly count: number;
}

/** average += rate · (x − average). */
export function movingAverage(device: Device, { x, average, rate, count }: MovingAverageArguments): void {
  device.launch({
    kernel: kernel('optim/moving-average'),
    bindings: [x, average, device.variables.slice],
    immediates: immediates(count / 4, rate.start),
    workgroups: flatGrid(device, count / 4),
    label: 'movingAverage',
    flops: 3 * count,
    bytes: 12 * count,
  });
}
