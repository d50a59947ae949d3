/** One figure for each image of a batch, for scoring; no gradients. */
import type { Device } from '../../gpu/device.ts';
import { type BufferSlice, f32, immediates } from '../../gpu/launch.ts';
import { kernel } from '../source.ts';

/** Of an image pair: `sse` = Σ (a − b)², `l1` = mean |a − b|, `eighth` = mean (a − b)⁸. Of one image: `mean`, `max` and `min`. */
export type PerImageKind = 'sse' | 'l1' | 'eighth' | 'mean' | 'max' | 'min';

const CODES: Readonly<Record<PerImageKind, number>> = { sse: 0, l1: 1, eighth: 2, mean: 3, max: 4, min: 5 };

/**
 * out[image] for `images` images of `count` elements each, one workgroup an image.
 *
 * @param b null for the kinds of one image
 */
export function perImage(
  device: Device,
  kind: PerImageKind,
  a: BufferSlice,
  b: BufferSlice | null,
  out: BufferSlice,
  images: number,
  count: number,
): void {
  const factor = kind === 'l1' || kind === 'eighth' || kind === 'mean' ? 1 / count : 1;
  device.launch({
    kernel: kernel('reduce/per-image', { KIND: CODES[kind] }),
    bindings: [a, b ?? a, out],
    immediates: immediates(images, count, f32(factor)),
    workgroups: [Math.min(images, 65535), 1, 1],
    label: `perImage.${kind}`,
    flops: 3 * images * count,
    bytes: (b ? 8 : 4) * images * count,
  });
}
