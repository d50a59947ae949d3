import { ssimPerImage } from '../autograd/ssim.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { blurAxis, channelDifference } from '../kernels/differenceMap.ts';
import { type PerImageKind, perImage } from '../kernels/perImage.ts';
import { scope } from '../tensor/scope.ts';
import { imageExtents, requireAlike, requireF32 } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';

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
  requireAlike('differenceMap', x, y);
  requireF32('An image of differenceMap', x);
  const { n, h, w, c } = imageExtents('differenceMap', x);
  const { radius, sigma } = blur;
  if (Math.min(h, w) <= radius) {
    throw new CyclopsError(
      `A blur over ${2 * radius + 1} × ${2 * radius + 1} pixels needs images of at least ${radius + 1} pixels a side; ` +
        `got height ${h} and width ${w}.`,
    );
  }
  return scope(() => {
    const difference = Tensor.empty(x.device, [n, h, w, 1]);
    const blurredRows = Tensor.empty(x.device, [n, h, w, 1]);
    const blurred = Tensor.empty(x.device, [n, h, w, 1]);
    channelDifference(x.device, x.slice, y.slice, difference.slice, n * h * w, c);
    blurAxis(x.device, difference.slice, blurredRows.slice, [n * h, w, 1], radius, sigma);
    blurAxis(x.device, blurredRows.slice, blurred.slice, [n, h, w], radius, sigma);
    return blurred;
  });
}

/** What {@link imageScores} finds, each [N]. */
export type ImageScores = {
  /** Σ (x − y)² over pixels and channels: the paper's score. */
  readonly sse: Tensor;
  /** Mean |x − y|. */
  readonly l1: Tensor;
  /** The largest value of the {@link differenceMap} with a 5 × 5 box. */
  readonly blurredMax: Tensor;
  /** Mean structural similarity: 1 for equal images, so a low value is suspicious. */
  readonly ssim: Tensor;
  /** The map that `blurredMax` is taken from, [N, H, W, 1]. */
  readonly map: Tensor;
};

/**
 * How much each image x [N, H, W, C] differs from its reconstruction y. Values from −1 to 1. Not differentiable.
 *
 * @throws CyclopsError when the shapes differ or a side is shorter than 11 pixels, the window of the SSIM
 */
export function imageScores(x: Tensor, y: Tensor): ImageScores {
  return scope(() => {
    const map = differenceMap(x, y);
    return {
      sse: figure('sse', x, y),
      l1: figure('l1', x, y),
      blurredMax: figure('max', map, null),
      ssim: ssimPerImage(x, y),
      map,
    };
  });
}

function figure(kind: PerImageKind, a: Tensor, b: Tensor | null): Tensor {
  const { n } = imageExtents(kind, a);
  const out = Tensor.empty(a.device, [n]);
  perImage(a.device, kind, a.slice, b?.slice ?? null, out.slice, n, a.size / n);
  return out;
}
