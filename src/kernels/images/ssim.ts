/** Structural similarity of two images, window by window. */
import type { Device } from '../../gpu/device.ts';
import { type BufferSlice, f32, immediates } from '../../gpu/launch.ts';
import { flatGrid } from '../flat-grid.ts';
import { kernel } from '../source.ts';

/** Side of the Gaussian window. */
export const SSIM_WINDOW = 11;

/** Images x and y are [n, h, w, c]; there is a window for each of n · (h − 10) · (w − 10) · c places. */
export interface SsimProblem {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly c: number;
}

/** The windows of a problem: [n, h − 10, w − 10, c]. */
export function ssimWindows({ n, h, w, c }: SsimProblem): [number, number, number, number] {
  return [n, h - SSIM_WINDOW + 1, w - SSIM_WINDOW + 1, c];
}

interface SsimMapArguments {
  readonly x: BufferSlice;
  readonly y: BufferSlice;
  /** Receives the similarity of every window. */
  readonly map: BufferSlice;
  /** Receives four values a window: what its similarity adds to the gradient of each x in it; see the kernel. */
  readonly slopes: BufferSlice;
}

/** The similarity of x and y in every window, and what a gradient needs of it. */
export function ssimMap(device: Device, problem: SsimProblem, { x, y, map, slopes }: SsimMapArguments): void {
  const { n, h, w, c } = problem;
  const count = size(ssimWindows(problem));
  device.launch({
    kernel: kernel('images/ssim'),
    bindings: [x, y, map, slopes],
    immediates: immediates(count, h, w, c, SSIM_WINDOW),
    workgroups: flatGrid(device, count),
    label: 'ssim.map',
    flops: 10 * SSIM_WINDOW ** 2 * count,
    bytes: 4 * (2 * n * h * w * c + 5 * count),
  });
}

interface SsimBackwardArguments {
  readonly factor: number;
  readonly x: BufferSlice;
  readonly y: BufferSlice;
  /** From {@link ssimMap}. */
  readonly slopes: BufferSlice;
  /** Of one element. */
  readonly gradOutput: BufferSlice;
  readonly gradX: BufferSlice;
}

/** gradX = gradOutput[0] · factor · the gradient of Σ map with respect to x. */
export function ssimBackward(
  device: Device,
  problem: SsimProblem,
  { factor, x, y, slopes, gradOutput, gradX }: SsimBackwardArguments,
): void {
  const { n, h, w, c } = problem;
  const count = n * h * w * c;
  device.launch({
    kernel: kernel('images/ssim-backward'),
    bindings: [x, y, slopes, gradOutput, gradX],
    immediates: immediates(count, h, w, c, f32(factor)),
    workgroups: flatGrid(device, count),
    label: 'ssim.backward',
    flops: 7 * SSIM_WINDOW ** 2 * count,
    bytes: 4 * (3 * count + 4 * size(ssimWindows(problem))),
  });
}

function size(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}
