/** The largest and the mean of windows of images [N,H,W,C], channels apart. */
import type { Device } from '../gpu/device.ts';
import { type BufferSlice, immediates } from '../gpu/launch.ts';
import { flatGrid } from './flat-grid.ts';
import { DTYPE_BYTES, type FloatDType, kernel } from './source.ts';

/** x is [n,h,w,c], y [n,p,q,c]. */
interface PooledShapes {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly c: number;
  readonly p: number;
  readonly q: number;
  readonly dtype: FloatDType;
}

/** Windows of kh × kw pixels that slide over the image. Pairs are of rows and columns. */
export interface PoolProblem extends PooledShapes {
  readonly kh: number;
  readonly kw: number;
  readonly stride: readonly [number, number];
  /** Steps between the pixels of a window. */
  readonly dilation: readonly [number, number];
  /** Pixels before and after the rows, and before and after the columns, that are not there. */
  readonly padding: readonly [rows: readonly [number, number], columns: readonly [number, number]];
}

function launch(
  device: Device,
  k: PoolProblem,
  { name, constants = {}, bindings }: { name: string; constants?: Record<string, number>; bindings: BufferSlice[] },
): void {
  const { n, h, w, c, p, q, kh, kw, stride, dilation, padding, dtype } = k;
  const [[top, bottom], [left, right]] = padding;
  const count = n * c * (name.endsWith('backward') ? h * w : p * q);
  device.launch({
    kernel: kernel(`pool/${name}`, constants, { dtype }),
    bindings,
    immediates: immediates(count, h, w, c, p, q, kh, kw, ...stride, ...dilation, top, left, bottom, right),
    workgroups: flatGrid(device, count),
    label: `pool.${name}`,
    flops: n * p * q * c * kh * kw,
    bytes: DTYPE_BYTES[dtype] * n * c * (h * w + p * q),
  });
}

interface MaxPoolArguments {
  readonly x: BufferSlice;
  readonly y: BufferSlice;
  /** Which pixel each element of y comes from, as u32. */
  readonly chosen: BufferSlice;
}

/** y = the largest of each window. */
export function maxPool(device: Device, k: PoolProblem, { x, y, chosen }: MaxPoolArguments): void {
  launch(device, k, { name: 'max', bindings: [x, y, chosen] });
}

interface PoolBackwardArguments {
  readonly gradOutput: BufferSlice;
  readonly gradX: BufferSlice;
}

/** gradX = the gradient of the largest, for the pixels that are. */
export function maxPoolBackward(
  device: Device,
  k: PoolProblem,
  { gradOutput, chosen, gradX }: PoolBackwardArguments & { readonly chosen: BufferSlice },
): void {
  launch(device, k, { name: 'max-backward', bindings: [gradOutput, chosen, gradX] });
}

/** y = the mean of each window; `padded` counts pixels of the padding as zeros. */
export function averagePool(
  device: Device,
  k: PoolProblem,
  { x, y, padded }: { x: BufferSlice; y: BufferSlice; padded: boolean },
): void {
  launch(device, k, { name: 'average', constants: { PADDED: padded ? 1 : 0 }, bindings: [x, y] });
}

/** gradX = the gradient of the means. */
export function averagePoolBackward(
  device: Device,
  k: PoolProblem,
  { gradOutput, gradX, padded }: PoolBackwardArguments & { readonly padded: boolean },
): void {
  launch(device, k, { name: 'average-backward', constants: { PADDED: padded ? 1 : 0 }, bindings: [gradOutput, gradX] });
}

/** y = the means of p × q windows that cover the image. */
export function adaptivePool(device: Device, k: PooledShapes, { x, y }: { x: BufferSlice; y: BufferSlice }): void {
  launchAdaptive(device, k, 'adaptive', [x, y]);
}

/** gradX = the gradient of these means. */
export function adaptivePoolBackward(device: Device, k: PooledShapes, args: PoolBackwardArguments): void {
  launchAdaptive(device, k, 'adaptive-backward', [args.gradOutput, args.gradX]);
}

function launchAdaptive(
  device: Device,
  { n, h, w, c, p, q, dtype }: PooledShapes,
  name: string,
  bindings: BufferSlice[],
): void {
  const count = n * c * (name.endsWith('backward') ? h * w : p * q);
  device.launch({
    kernel: kernel(`pool/${name}`, {}, { dtype }),
    bindings,
    immediates: immediates(count, h, w, c, p, q),
    workgroups: flatGrid(device, count),
    label: `pool.${name}`,
    flops: n * h * w * c,
    bytes: DTYPE_BYTES[dtype] * n * c * (h * w + p * q),
  });
}
