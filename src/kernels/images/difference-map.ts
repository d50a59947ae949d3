/** Where two images differ, and how a map of one value a pixel is smoothed; no gradients. */
import type { Device } from '../../gpu/device.ts';
import { type BufferSlice, f32, immediates } from '../../gpu/launch.ts';
import { flatGrid } from '../flat-grid.ts';
import { kernel } from '../source.ts';

/** What is made of the differences d of a pixel's channels: the mean |d|, the mean d, the sum of d², the means of d² and of d⁸. */
export type DifferenceKind = 'absolute' | 'signed' | 'squareSum' | 'square' | 'eighth';

const CODES: Readonly<Record<DifferenceKind, number>> = { absolute: 0, signed: 1, squareSum: 2, square: 2, eighth: 3 };

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

/** map[pixel] = how a differs from b there, over all channels. */
export function channelDifference(
  device: Device,
  { kind, a, b, map, pixels, channels }: ChannelDifferenceArguments,
): void {
  device.launch({
    kernel: kernel('images/channel-difference', { KIND: CODES[kind] }),
    bindings: [a, b, map],
    immediates: immediates(pixels, channels, f32(kind === 'squareSum' ? 1 : channels)),
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
}

/** out = the mean over 2 · radius + 1 neighbours along one axis of x, reflected at the borders. */
export function blurAxis(device: Device, { x, out, shape, radius }: BlurAxisArguments): void {
  const [outer, extent, inner] = shape;
  const count = outer * extent * inner;
  device.launch({
    kernel: kernel('images/blur-axis'),
    bindings: [x, out],
    immediates: immediates(count, extent, inner, radius),
    workgroups: flatGrid(device, count),
    label: 'blurAxis',
    flops: (2 * radius + 1) * count,
    bytes: 8 * count,
  });
}
