/** One measurement of each image of a batch. */
import type { Device } from '../../gpu/device.ts';
import { type BufferSlice, f32, immediates } from '../../gpu/launch.ts';
import { flatGrid } from '../flat-grid.ts';
import { kernel } from '../source.ts';

/** Of an image pair: `l1` = mean |a − b|. Of one image: `sum`, `mean`, `max`, and `eighth` = mean a⁸. */
export type PerImageKind = 'l1' | 'sum' | 'mean' | 'eighth' | 'max';

const CODES: Readonly<Record<PerImageKind, number>> = { l1: 0, sum: 1, mean: 1, eighth: 2, max: 3 };

interface PerImageArguments {
  readonly kind: PerImageKind;
  /** [images, count], as is b */
  readonly a: BufferSlice;
  /** Null for the kinds of one image. */
  readonly b: BufferSlice | null;
  /** [images] */
  readonly out: BufferSlice;
  readonly images: number;
  /** Elements of an image. */
  readonly count: number;
}

/** out[image] = the figure of each image, one workgroup an image. */
export function perImage(device: Device, { kind, a, b, out, images, count }: PerImageArguments): void {
  const factor = kind === 'sum' || kind === 'max' ? 1 : 1 / count;
  device.launch({
    kernel: kernel('reduce/per-image', { KIND: CODES[kind] }),
    bindings: [a, b ?? a, out],
    immediates: immediates(images, count, f32(factor)),
    workgroups: flatGrid(device, images, 1),
    label: `perImage.${kind}`,
    flops: 3 * images * count,
    bytes: (b ? 8 : 4) * images * count,
  });
}

interface HottestArguments {
  /** [images, count] */
  readonly a: BufferSlice;
  /** [images] */
  readonly out: BufferSlice;
  readonly images: number;
  /** Elements of an image. */
  readonly count: number;
  /** How many of them count, from 1 to all. */
  readonly hottest: number;
}

/** out[image] = the mean of the `hottest` largest elements of each image, one workgroup an image. */
export function hottestMean(device: Device, { a, out, images, count, hottest }: HottestArguments): void {
  device.launch({
    kernel: kernel('reduce/hottest'),
    bindings: [a, out],
    immediates: immediates(images, count, hottest),
    workgroups: flatGrid(device, images, 1),
    label: 'hottestMean',
    flops: images * count,
    bytes: 4 * images * count,
  });
}

interface HottestGradientArguments extends Omit<HottestArguments, 'out'> {
  /** [images] */
  readonly gradOutput: BufferSlice;
  /** [images, count] */
  readonly grad: BufferSlice;
}

/** grad = the gradient of {@link hottestMean} with respect to a; elements that are equal share what some of them get. */
export function hottestMeanBackward(
  device: Device,
  { a, gradOutput, grad, images, count, hottest }: HottestGradientArguments,
): void {
  device.launch({
    kernel: kernel('reduce/hottest-backward'),
    bindings: [a, gradOutput, grad],
    immediates: immediates(images, count, hottest),
    workgroups: flatGrid(device, images, 1),
    label: 'hottestMeanBackward',
    flops: images * count,
    bytes: 8 * images * count,
  });
}
