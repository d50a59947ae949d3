/** What maps of one value a place are made of and how they come to lie on their image; no gradients. */
import type { Device } from '../../gpu/device.ts';
import { type BufferSlice, f32, immediates } from '../../gpu/launch.ts';
import { flatGrid } from '../flat-grid.ts';
import { kernel } from '../source.ts';

/** `product` = a · b, `quotient` = a / (b + constant), `departure` = |a − the number of its image in b|. */
export type MapPairKind = 'product' | 'quotient' | 'departure';

const CODES: Readonly<Record<MapPairKind, number>> = { product: 0, quotient: 1, departure: 2 };

interface MapPairArguments {
  readonly kind: MapPairKind;
  /** [count], as is `out` */
  readonly a: BufferSlice;
  /** [count], or [images] for a departure */
  readonly b: BufferSlice;
  readonly out: BufferSlice;
  readonly count: number;
  /** Elements of an image, for a departure. */
  readonly each: number;
  /** Of a quotient; 0 for others. */
  readonly constant: number;
}

/** out = what two maps give element by element. */
export function mapPair(device: Device, { kind, a, b, out, count, each, constant }: MapPairArguments): void {
  device.launch({
    kernel: kernel('images/map-pair', { KIND: CODES[kind] }),
    bindings: [a, b, out],
    immediates: immediates(count, each, f32(constant)),
    workgroups: flatGrid(device, count),
    label: `mapPair.${kind}`,
    flops: 2 * count,
    bytes: 12 * count,
  });
}

/** Images [n, h, w, c]. */
interface Images {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly c: number;
}

interface LocalDeviationArguments {
  readonly x: BufferSlice;
  /** [n, h, w, 1] */
  readonly out: BufferSlice;
  /** Of the window; less than h and w. */
  readonly radius: number;
}

/** out = the standard deviation of x in the window of (2 · radius + 1)² pixels around each, over the channels the root of mean squares. */
export function localDeviation(
  device: Device,
  { n, h, w, c }: Images,
  { x, out, radius }: LocalDeviationArguments,
): void {
  const window = (2 * radius + 1) ** 2;
  device.launch({
    kernel: kernel('images/local-deviation'),
    bindings: [x, out],
    immediates: immediates(n * h * w, h, w, c, radius),
    workgroups: flatGrid(device, n * h * w),
    label: 'localDeviation',
    flops: 4 * window * n * h * w * c,
    bytes: 4 * n * h * w * (c + 1),
  });
}

interface PlaceMapArguments {
  readonly map: BufferSlice;
  /** [n, height, width, 1] */
  readonly out: BufferSlice;
  readonly height: number;
  readonly width: number;
  /** From one value to the next, and of the first value, in pixels. */
  readonly stride: number;
  readonly offset: number;
}

/** out = the map [n, h, w, c], averaged over channels and interpolated bilinearly between the pixels where its values lie. */
export function placeMap(
  device: Device,
  { n, h, w, c }: Images,
  { map, out, height, width, stride, offset }: PlaceMapArguments,
): void {
  const count = n * height * width;
  device.launch({
    kernel: kernel('images/place-map'),
    bindings: [map, out],
    immediates: immediates(count, height, width, h, w, c, f32(stride), f32(offset)),
    workgroups: flatGrid(device, count),
    label: 'placeMap',
    flops: 8 * count * c,
    bytes: 4 * (count + n * h * w * c),
  });
}
