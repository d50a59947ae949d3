import type { Device } from '../gpu/device.ts';
import { type BufferSlice, groups, immediates } from '../gpu/launch.ts';
import { kernel } from './source.ts';
import { sumParts, withParts } from './sumParts.ts';

/** out[c] (+)= the sum over rows of x [rows, channels]: a bias's gradient. */
export function channelSum(
  device: Device,
  x: BufferSlice,
  out: BufferSlice,
  rows: number,
  channels: number,
  accumulate: boolean,
): void {
  const splits = Math.min(groups(rows, 64), 32);
  withParts(device, splits * channels, (part) => {
    device.launch({
      kernel: kernel('channel_sum', 'rw'),
      bindings: [x, part],
      immediates: immediates(rows, channels, splits),
      workgroups: [groups(channels, 8), splits, 1],
      label: 'channelSum',
      flops: rows * channels,
      bytes: 4 * rows * channels,
    });
    sumParts(device, part, out, channels, splits, accumulate);
  });
}
