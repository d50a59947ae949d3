/** Where two images differ, and how a map of one value a pixel is smoothed; no gradients. */
import type { Device } from '../../gpu/device.ts';
import { type BufferSlice, f32, immediates } from '../../gpu/launch.ts';
import { flatGrid } from '../elementwise.ts';
import { kernel } from '../source.ts';

export type DifferenceKind = 'absolute' | 'signed';

/** map[pixel] = the mean over `channels` of |a − b|, or of a − b; `pixels` counts those of all images. */
export function channelDifference(
  device: Device,
  kind: DifferenceKind,
  a: BufferSlice,
  b: BufferSlice,
  map: BufferSlice,
  pixels: number,
  channels: number,
): void {
  device.launch({
    kernel: kernel('images/channel-difference', { SIGNED: kind === 'signed' ? 1 : 0 }),
    bindings: [a, b, map],
    immediates: immediates(pixels, channels),
    workgroups: flatGrid(4 * pixels),
    label: 'channelDifference',
    flops: 3 * pixels * channels,
    bytes: 4 * pixels * (2 * channels + 1),
  });
}

/**
 * Weighted mean over 2 · radius + 1 neighbours along one axis of x [outer, extent, inner], reflected at the borders.
 *
 * @param radius less than `extent`. @param sigma of Gaussian weights in pixels; infinite for equal weights
 */
export function blurAxis(
  device: Device,
  x: BufferSlice,
  out: BufferSlice,
  shape: readonly [outer: number, extent: number, inner: number],
  radius: number,
  sigma: number,
): void {
  const [outer, extent, inner] = shape;
  const count = outer * extent * inner;
  device.launch({
    kernel: kernel('images/blur-axis'),
    bindings: [x, out],
    immediates: immediates(count, extent, inner, radius, f32(1 / (2 * sigma * sigma))),
    workgroups: flatGrid(4 * count),
    label: 'blurAxis',
    flops: 4 * (2 * radius + 1) * count,
    bytes: 8 * count,
  });
}
