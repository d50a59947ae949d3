import type { Device } from '../../gpu/device.ts';
import { type BufferSlice, immediates } from '../../gpu/launch.ts';
import { flatGrid } from '../flat-grid.ts';
import { kernel } from '../source.ts';

interface PixelLabelsArguments {
  /** [start + count]; the first `start` are of other pixels */
  readonly logits: BufferSlice;
  readonly start: number;
  /** [count]: 1 inside of a defect, −1 outside, 0 where nobody knows */
  readonly defects: BufferSlice;
  /** [count] */
  readonly labels: BufferSlice;
  readonly count: number;
}

/** labels = what a discriminator should say of each pixel, and what it says already where nobody knows; in f32. */
export function pixelLabels(device: Device, { logits, start, defects, labels, count }: PixelLabelsArguments): void {
  device.launch({
    kernel: kernel('images/pixel-labels'),
    bindings: [logits, defects, labels],
    immediates: immediates(count, start),
    workgroups: flatGrid(device, count),
    label: 'pixelLabels',
    flops: 6 * count,
    bytes: 12 * count,
  });
}
