import { CyclopsError } from '../../gpu/errors.ts';
import { blurAxis, channelDifference, type DifferenceKind } from '../../kernels/images/difference-map.ts';
import { type PerImageKind, perImage } from '../../kernels/images/per-image.ts';
import { scope } from '../../tensor/scope.ts';
import { imageExtents, requireAlike, requireF32 } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';

/** A smoothing window of (2 · radius + 1)² pixels; `sigma` of its Gaussian weights in pixels, infinite for a box. */
export interface Blur {
  readonly radius: number;
  readonly sigma: number;
}

/** The window of the blurred maximum. */
export const BOX_5X5: Blur = { radius: 2, sigma: Number.POSITIVE_INFINITY };

/**
 * Where images differ: |x − y| averaged over the channels and smoothed, borders reflected. Not differentiable.
 *
 * @param x images [N, H, W, C]. @param y their reconstructions, of the same shape
 * @returns [N, H, W, 1]
 * @throws CyclopsError when the shapes differ or a side is no longer than the blur's radius
 */
export function differenceMap(x: Tensor, y: Tensor, blur: Blur = BOX_5X5): Tensor {
  return smoothedMap(x, y, blur, { name: 'differenceMap', kind: 'absolute' });
}

/** How much brighter x is than y: x − y, negative where it is darker; else as {@link differenceMap}. */
export function excessMap(x: Tensor, y: Tensor, blur: Blur = BOX_5X5): Tensor {
  return smoothedMap(x, y, blur, { name: 'excessMap', kind: 'signed' });
}

function smoothedMap(x: Tensor, y: Tensor, blur: Blur, { name, kind }: { name: string; kind: DifferenceKind }): Tensor {
  requireAlike(name, x, y);
  requireF32(`An image of ${name}`, x);
  const { n, h, w, c } = imageExtents(name, x);
  const { radius, sigma } = blur;
  if (Math.min(h, w) <= radius) {
    throw new CyclopsError(
      `A blur over ${2 * radius + 1} × ${2 * radius + 1} pixels needs images of at least ${radius + 1} pixels a side; ` +
        `got height ${h} and width ${w}.`,
    );
  }
  return scope(() => {
    const difference = Tensor.empty(x.device, [n, h, w, 1]);
    channelDifference(x.device, {
      ...{ kind, a: x.slice, b: y.slice, map: difference.slice },
      ...{ pixels: n * h * w, channels: c },
    });
    if (radius === 0) return difference;
    const blurredRows = Tensor.empty(x.device, [n, h, w, 1]);
    const blurred = Tensor.empty(x.device, [n, h, w, 1]);
    blurAxis(x.device, { x: difference.slice, out: blurredRows.slice, shape: [n * h, w, 1], radius, sigma });
    blurAxis(x.device, { x: blurredRows.slice, out: blurred.slice, shape: [n, h, w], radius, sigma });
    return blurred;
  });
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
