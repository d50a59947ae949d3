import type { Device } from '../gpu/device.ts';
import { type BufferSlice, ceilDiv, immediates } from '../gpu/launch.ts';
import { DTYPE_BYTES, type FloatDType, kernel } from './source.ts';
import { sumParts, withParts } from './sum-parts.ts';

/** Rows of a workgroup at most. Below that, one launch does it all. */
const SHARE = 4096;

interface ChannelSumArguments {
  /** [rows, channels] */
  readonly x: BufferSlice;
  /** [channels], in f32 */
  readonly out: BufferSlice;
  readonly rows: number;
  readonly channels: number;
  /** Add to what `out` holds. */
  readonly accumulate: boolean;
  /** Of x; f32 unless told otherwise. */
  readonly dtype?: FloatDType;
}

/** out[c] (+)= the sum over rows of x[row, c]: a bias's gradient. */
export function channelSum(
  device: Device,
  { x, out, rows, channels, accumulate, dtype = 'f32' }: ChannelSumArguments,
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
    sumParts(device, { part, parts: shares, out, count: channels, accumulate });
  });
}
