import type { Device } from '../gpu/device.ts';
import { type BufferSlice, ceilDiv, immediates } from '../gpu/launch.ts';
import { DTYPE_BYTES, type FloatDType, kernel } from './source.ts';
import { sumParts, withParts } from './sum-parts.ts';

/** Rows of a workgroup at most. Below that, one launch does it all. */
const SHARE = 4096;

/** out[c] (+)= the sum over rows of x [rows, channels], of which x may be `stored` as f16: a bias's gradient. */
export function channelSum(
  device: Device,
  x: BufferSlice,
  out: BufferSlice,
  rows: number,
  channels: number,
  accumulate: boolean,
  dtype: FloatDType = 'f32',
): void {
  const shares = ceilDiv(rows, SHARE);
  const launch = (target: BufferSlice, add: boolean) =>
    device.launch({
      kernel: kernel('reduce/channel-sum', {}, { dtype }),
      bindings: [x, target],
      immediates: immediates(rows, channels, SHARE, add ? 1 : 0),
      workgroups: [ceilDiv(channels, 8), shares, 1],
      label: 'channelSum',
      flops: rows * channels,
      bytes: DTYPE_BYTES[dtype] * rows * channels,
    });
  if (shares === 1) {
    launch(out, accumulate);
    return;
  }
  withParts(device, shares * channels, (part) => {
    launch(part, false);
    sumParts(device, part, out, channels, shares, accumulate);
  });
}
