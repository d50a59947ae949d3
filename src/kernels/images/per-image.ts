/** One measurement of each image of a batch, for scoring; no gradients. */
import type { Device } from '../../gpu/device.ts';
import { type BufferSlice, f32, immediates } from '../../gpu/launch.ts';
import { flatGrid } from '../flat-grid.ts';
import { kernel } from '../source.ts';

/** Of an image pair: `sse` = Σ (a − b)², `l1` = mean |a − b|, `eighth` = mean (a − b)⁸. Of one image: `mean`, `max` and `min`. */
export type PerImageKind = 'sse' | 'l1' | 'eighth' | 'mean' | 'max' | 'min';

const CODES: Readonly<Record<PerImageKind, number>> = { sse: 0, l1: 1, eighth: 2, mean: 3, max: 4, min: 5 };

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
  const factor = kind === 'l1' || kind === 'eighth' || kind === 'mean' ? 1 / count : 1;
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
