import { CyclopsError } from '../../gpu/errors.ts';
import { blurAxis, channelDifference, type DifferenceKind } from '../../kernels/images/difference-map.ts';
import { type MapPairKind, mapPair } from '../../kernels/images/maps.ts';
import { type PerImageKind, perImage } from '../../kernels/images/per-image.ts';
import { scope } from '../../tensor/scope.ts';
import { imageExtents, requireAlike, requireF32 } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';

/** Sides in pixels of the boxes that maps are averaged over, so that what is small is found and what is large too. */
export const BOXES = [1, 3, 5, 9, 17] as const;

/**
 * Where images differ, one value a pixel: see {@link DifferenceKind}. Not differentiable.
 *
 * @param x images [N, H, W, C]. @param y their reconstructions, of the same shape
 * @param box side of the square that is averaged over, odd; borders are reflected
 * @returns [N, H, W, 1]
 * @throws CyclopsError when the shapes differ or a side is no longer than half of the box
 */
export function differenceMap(kind: DifferenceKind, x: Tensor, y: Tensor, box = 1): Tensor {
  requireAlike('differenceMap', x, y);
  requireF32('An image of differenceMap', x);
  const { n, h, w, c } = imageExtents('differenceMap', x);
  return scope(() => {
    const map = Tensor.empty(x.device, [n, h, w, 1]);
    channelDifference(x.device, {
      ...{ kind, a: x.slice, b: y.slice, map: map.slice },
      ...{ pixels: n * h * w, channels: c },
    });
    return boxMean(map, box);
  });
}

/** The mean over a square of `side` pixels around each, borders reflected: [N, H, W, 1] → the same. */
function boxMean(map: Tensor, side: number): Tensor {
  if (side === 1) return map;
  const { n, h, w } = imageExtents('A blur', map);
  const radius = (side - 1) / 2;
  requireRoom(side, h, w);
  const [rows, out] = [Tensor.empty(map.device, map.shape), Tensor.empty(map.device, map.shape)];
  blurAxis(map.device, { x: map.slice, out: rows.slice, shape: [n * h, w, 1], radius });
  blurAxis(map.device, { x: rows.slice, out: out.slice, shape: [n, h, w], radius });
  return out;
}

/** @throws CyclopsError when an image is too small to be mirrored at its borders */
export function requireRoom(side: number, height: number, width: number): void {
  const radius = (side - 1) / 2;
  if (Math.min(height, width) > radius) return;
  throw new CyclopsError(
    `A blur over ${side} × ${side} pixels needs images of at least ${radius + 1} pixels a side; got height ${height} and width ${width}.`,
  );
}

/** Two maps of one shape, element by element: see {@link MapPairKind}. Not differentiable. @param b [N] for a departure */
export function combineMaps(kind: MapPairKind, a: Tensor, b: Tensor, constant = 0): Tensor {
  if (kind !== 'departure') requireAlike('combineMaps', a, b);
  const out = Tensor.empty(a.device, a.shape);
  const each = a.size / (kind === 'departure' ? b.size : 1);
  mapPair(a.device, { kind, a: a.slice, b: b.slice, out: out.slice, count: a.size, each, constant });
  return out;
}

/**
 * One measurement of each image, [N]: see {@link PerImageKind}. Not differentiable.
 *
 * @param a images [N, H, W, C]. @param b images of the same shape, for measurements of pairs
 * @throws CyclopsError when the shapes differ
 */
export function imageMeasurement(kind: PerImageKind, a: Tensor, b: Tensor | null = null): Tensor {
  if (b) requireAlike(`The measurement ${kind}`, a, b);
  const { n } = imageExtents(`The measurement ${kind}`, a);
  const out = Tensor.empty(a.device, [n]);
  perImage(a.device, { kind, a: a.slice, b: b?.slice ?? null, out: out.slice, images: n, count: a.size / n });
  return out;
}
