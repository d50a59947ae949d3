/** Images as levels [H, W, C] from 0 to 255, bytes four to a word, lowest first, or floats: resizing, and views of them in [−1, 1]. */
import type { Device } from '../../gpu/device.ts';
import { type BufferSlice, ceilDiv, f32, immediates } from '../../gpu/launch.ts';
import type { Variable } from '../../gpu/variables.ts';
import { flatGrid } from '../flat-grid.ts';
import { DTYPE_BYTES, F32_LEVELS, type FloatDType, kernel } from '../source.ts';

/** One axis of a separable resize. */
export interface Resampling {
  length: number;
  outLength: number;
  /** Elements between neighbours along the axis. */
  inner: number;
  /** Everything before the axis. */
  outer: number;
}

/** Weights that turn `length` samples into `outLength`: a row [first, count, weight × `taps`] for each output sample. */
interface ResamplingTable {
  taps: number;
  values: Int32Array;
}

/** Units of a weight: products with bytes and their sum fit 32 bits with this many. */
export const WEIGHT_ONE = 2 ** 22;

/**
 * Bicubic weights (Keys 1981, a = −1/2) as PIL's BICUBIC uses them: the kernel is stretched by the ratio when shrinking, so
 * that every source sample counts; what falls outside the image is left out and the rest normalised.
 */
export function bicubicTable(length: number, outLength: number): ResamplingTable {
  const ratio = length / outLength;
  const stretch = Math.max(1, ratio);
  const taps = 2 * Math.ceil(2 * stretch) + 1;
  const values = new Int32Array(outLength * (taps + 2));
  for (let o = 0; o < outLength; o++) {
    const center = (o + 0.5) * ratio;
    const first = Math.max(0, Math.trunc(center - 2 * stretch + 0.5));
    const count = Math.min(length, Math.trunc(center + 2 * stretch + 0.5)) - first;
    const weights = Array.from({ length: count }, (_, t) => keys((first + t + 0.5 - center) / stretch));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const row = [first, count, ...weights.map((weight) => roundHalfAway((weight / total) * WEIGHT_ONE))];
    values.set(row, o * (taps + 2));
  }
  return { taps, values };
}

/** Keys' cubic convolution with a = −1/2. */
function keys(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  if (x < 2) return ((-0.5 * x + 2.5) * x - 4) * x + 2;
  return 0;
}

function roundHalfAway(value: number): number {
  return Math.sign(value) * Math.floor(Math.abs(value) + 0.5);
}

/** How levels are stored. */
export type LevelType = 'u8' | 'f32';

/** Words that so many levels take. */
export function levelWords(levels: number, type: LevelType): number {
  return type === 'u8' ? ceilDiv(levels, 4) : levels;
}

const LEVEL_BYTES = { u8: 1, f32: 4 } as const;

interface ResampleArguments {
  readonly source: BufferSlice;
  /** The first word of it that is read; 0 unless told otherwise. */
  readonly start?: number;
  /** The values of a {@link ResamplingTable} … */
  readonly table: BufferSlice;
  /** … and its taps. */
  readonly taps: number;
  readonly out: BufferSlice;
  /** The first word that is written. */
  readonly outStart: number;
  /** Of source and out. */
  readonly type: LevelType;
  /** The least and the largest float that is written; 0 and 255, as of bytes, unless told otherwise. */
  readonly bounds?: readonly [number, number];
}

/** Resizes one axis of an image. */
export function resample(
  device: Device,
  { length, outLength, inner, outer }: Resampling,
  { source, start = 0, table, taps, out, outStart, type, bounds: [least, most] = [0, 255] }: ResampleArguments,
): void {
  const count = outer * outLength * inner;
  device.launch({
    kernel: kernel(type === 'u8' ? 'images/resample' : 'images/resample-f32'),
    bindings: [source, table, out],
    immediates: immediates(
      count,
      start,
      outStart,
      length,
      outLength,
      inner,
      taps,
      ...(type === 'f32' ? [f32(least), f32(most)] : []),
    ),
    workgroups: flatGrid(device, levelWords(count, type)),
    label: 'resample',
    flops: 0,
    bytes: LEVEL_BYTES[type] * (count + outer * length * inner),
  });
}

/** A rectangle of an image, then mirrored left to right if `flip`, then turned counter-clockwise by quarter turns. */
export interface View {
  x: number;
  y: number;
  width: number;
  height: number;
  flip: boolean;
  turns: 0 | 1 | 2 | 3;
}

/** Where an image lies: its chunk by number, its first word in it, its width in pixels. */
interface PlacedImage {
  chunk: number;
  start: number;
  width: number;
}

/** Words of a variable that tell {@link views} what to show of one image. */
export const VIEW_WORDS = 5;

/** The words for one view of one image, inside which it must lie. */
export function viewWords(image: PlacedImage, { x, y, width, height, flip, turns }: View): number[] {
  let extent = { width, height };
  let origin = y * image.width + (flip ? x + width - 1 : x);
  let right = flip ? -1 : 1;
  let down = image.width;
  for (let turn = 0; turn < turns; turn++) {
    // The top right corner becomes the top left one.
    origin += (extent.width - 1) * right;
    [right, down] = [down, -right];
    extent = { width: extent.height, height: extent.width };
  }
  return [image.chunk, image.start, origin, right, down];
}

/** A batch of images as floats: [images, height, width, channels], after all turns. */
export interface ViewBatch {
  images: number;
  width: number;
  height: number;
  channels: number;
}

interface ViewsArguments {
  /** {@link VIEW_WORDS} words for each image, from {@link viewWords}. */
  readonly variable: Variable;
  readonly chunk: { readonly number: number; readonly levels: BufferSlice; readonly type: LevelType };
  readonly out: BufferSlice;
  /** Of out; f32 unless told otherwise. */
  readonly dtype?: FloatDType;
}

/** Writes those images of a batch that lie in one chunk, as floats in [−1, 1], to their places in `out`. */
export function views(
  device: Device,
  { images, width, height, channels }: ViewBatch,
  { variable, chunk, out, dtype = 'f32' }: ViewsArguments,
): void {
  const pixels = width * height;
  device.launch({
    kernel: kernel('images/view', {}, { dtype, instead: chunk.type === 'u8' ? {} : F32_LEVELS }),
    bindings: [device.variables.slice, chunk.levels, out],
    immediates: immediates(variable.start, chunk.number, images, pixels, width, channels),
    workgroups: flatGrid(device, images * pixels),
    label: 'view',
    flops: 3 * images * pixels * channels,
    bytes: (LEVEL_BYTES[chunk.type] + DTYPE_BYTES[dtype]) * images * pixels * channels,
  });
}
