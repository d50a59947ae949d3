/** What a segmenter should say, and how much that counts, made from what is known of defects: 1 inside of one, −1 outside, about 0 where nobody knows; in f32. */
import type { Device } from '../../gpu/device.ts';
import { type BufferSlice, immediates } from '../../gpu/launch.ts';
import { flatGrid } from '../flat-grid.ts';
import { kernel } from '../source.ts';

interface PixelLabelsArguments {
  /** [start + count]; the first `start` are of other pixels */
  readonly logits: BufferSlice;
  readonly start: number;
  /** [count], as is labels */
  readonly defects: BufferSlice;
  readonly labels: BufferSlice;
  readonly count: number;
}

/** labels = whether a pixel is normal, 1 or 0, and what is said of it already where nobody knows. */
export function pixelLabels(device: Device, { logits, start, defects, labels, count }: PixelLabelsArguments): void {
  device.launch({
    kernel: kernel('images/pixel-labels'),
    bindings: [logits, defects, labels],
    immediates: immediates(count, start),
    workgroups: flatGrid(device, count),
    label: 'pixelLabels',
    flops: 6 * count,
    bytes: 12 * count,
  });
}

/** Of the pixels of an image; a defect that is smaller counts more. */
const SHARE = 0.05;

interface DefectWeightsArguments {
  /** [images, pixels], as is weights */
  readonly defects: BufferSlice;
  readonly weights: BufferSlice;
  readonly images: number;
  readonly pixels: number;
}

/** weights = how much a pixel counts: more inside of a defect, the smaller it is, as 1 / √area. */
export function defectWeights(device: Device, { defects, weights, images, pixels }: DefectWeightsArguments): void {
  device.launch({
    kernel: kernel('images/defect-weights', { SHARE }),
    bindings: [defects, weights],
    immediates: immediates(pixels),
    workgroups: [images, 1, 1],
    label: 'defectWeights',
    flops: 2 * images * pixels,
    bytes: 12 * images * pixels,
  });
}

interface ImageLabelsArguments {
  /** [start + images]; the first `start` are of other images */
  readonly hotness: BufferSlice;
  readonly start: number;
  /** [images, count] */
  readonly defects: BufferSlice;
  /** [images] */
  readonly labels: BufferSlice;
  readonly images: number;
  /** Pixels of an image. */
  readonly count: number;
}

/** labels = 1 of an image of which nobody knows where its defect is, and of others how abnormal they are called already. */
export function imageLabels(
  device: Device,
  { hotness, start, defects, labels, images, count }: ImageLabelsArguments,
): void {
  device.launch({
    kernel: kernel('images/image-labels'),
    bindings: [hotness, defects, labels],
    immediates: immediates(images, count, start),
    workgroups: flatGrid(device, images),
    label: 'imageLabels',
    flops: 4 * images,
    bytes: 12 * images,
  });
}
