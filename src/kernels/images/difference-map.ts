/** Where two images differ, and how a map of one value a pixel is smoothed; no gradients. */
import type { Device } from '../../gpu/device.ts';
import { type BufferSlice, f32, immediates } from '../../gpu/launch.ts';
import { flatGrid } from '../flat-grid.ts';
import { kernel } from '../source.ts';

export type DifferenceKind = 'absolute' | 'signed';

interface ChannelDifferenceArguments {
  readonly kind: DifferenceKind;
  /** [pixels, channels], as is b */
  readonly a: BufferSlice;
  readonly b: BufferSlice;
  /** [pixels] */
  readonly map: BufferSlice;
  /** Of all images. */
  readonly pixels: number;
  readonly channels: number;
}

/** map[pixel] = the mean over the channels of |a − b|, or of a − b. */
export function channelDifference(
  device: Device,
  { kind, a, b, map, pixels, channels }: ChannelDifferenceArguments,
): void {
  device.launch({
    kernel: kernel('images/channel-difference', { SIGNED: kind === 'signed' ? 1 : 0 }),
    bindings: [a, b, map],
    immediates: immediates(pixels, channels),
    workgroups: flatGrid(device, pixels),
    label: 'channelDifference',
    flops: 3 * pixels * channels,
    bytes: 4 * pixels * (2 * channels + 1),
  });
}

interface BlurAxisArguments {
  readonly x: BufferSlice;
  readonly out: BufferSlice;
  /** Of x and out; the axis lies in the middle. */
  readonly shape: readonly [outer: number, extent: number, inner: number];
  /** Less than `extent`. */
  readonly radius: number;
  /** Of Gaussian weights, in pixels; infinite for equal weights. */
  readonly sigma: number;
}

/** out = the weighted mean over 2 · radius + 1 neighbours along one axis of x, reflected at the borders. */
export function blurAxis(device: Device, { x, out, shape, radius, sigma }: BlurAxisArguments): void {
  const [outer, extent, inner] = shape;
  const count = outer * extent * inner;
  device.launch({
    kernel: kernel('images/blur-axis'),
    bindings: [x, out],
    immediates: immediates(count, extent, inner, radius, f32(1 / (2 * sigma * sigma))),
    workgroups: flatGrid(device, count),
    label: 'blurAxis',
    flops: 4 * (2 * radius + 1) * count,
    bytes: 8 * count,
  });
}
