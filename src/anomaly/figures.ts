import { mean } from '../autograd/mean.ts';
import { mseLoss } from '../autograd/mseLoss.ts';
import { noGrad } from '../autograd/tape.ts';
import type { Networks } from '../cyclegan/model.ts';
import { scope } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { imageScores } from './difference.ts';

/** What the networks say of one image x, with x̂ = G_a2n(x): the numbers that scores are made of. */
export interface Figures {
  /** Σ (x − x̂)² over pixels and channels. */
  squaredError: number;
  /** Mean |x − x̂|. */
  absoluteError: number;
  /** The largest value of |x − x̂|, averaged over channels and blurred 5 × 5. */
  blurredMax: number;
  /** Structural similarity of x and x̂; 1 for equal images. */
  similarity: number;
  /** Mean of D_n(x); high where the image looks normal. */
  normality: number;
  /** Mean of D_a(x); high where the image looks abnormal. */
  abnormality: number;
  /** Mean (x − G_n2a(x))² over pixels and channels. */
  squaredErrorOfAbnormal: number;
  /** Pixels × channels. */
  size: number;
}

/** The figures of one image on the device, each [1], with what they were made of. */
export interface DeviceFigures {
  /** In the order that {@link readFigures} expects. */
  readonly values: readonly Tensor[];
  /** x̂ [1, H, W, C]. */
  readonly reconstruction: Tensor;
  /** The heat map [1, H, W, 1]. */
  readonly heatmap: Tensor;
  readonly [name: string]: Tensor | readonly Tensor[];
}

/** Values that {@link measure} makes of an image. */
export const FIGURE_COUNT = 7;

/** @param x one image [1, H, W, C] in [−1, 1], its sides multiples of 4 */
export function measure({ G_A, G_B, D_A, D_B }: Networks, x: Tensor): DeviceFigures {
  return scope(() =>
    noGrad(() => {
      const reconstruction = G_A.forward(x);
      const { sse, l1, blurredMax, ssim, map } = imageScores(x, reconstruction);
      const normality = mean(D_A.forward(x));
      const abnormality = mean(D_B.forward(x));
      const ofAbnormal = mseLoss(x, G_B.forward(x));
      return { values: [sse, l1, blurredMax, ssim, normality, abnormality, ofAbnormal], reconstruction, heatmap: map };
    }),
  );
}

/** @param values the values of {@link measure}, read back. @param size pixels × channels of the image */
export function readFigures(values: Float32Array, size: number): Figures {
  const at = (i: number) => values[i] ?? Number.NaN;
  return {
    squaredError: at(0),
    absoluteError: at(1),
    blurredMax: at(2),
    similarity: at(3),
    normality: at(4),
    abnormality: at(5),
    squaredErrorOfAbnormal: at(6),
    size,
  };
}
