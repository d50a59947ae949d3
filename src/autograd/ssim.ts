import { CyclopsError } from '../gpu/errors.ts';
import { perImage } from '../kernels/images/per-image.ts';
import { SSIM_WINDOW, type SsimProblem, ssimBackward, ssimMap, ssimWindows } from '../kernels/images/ssim.ts';
import { record } from '../tensor/record.ts';
import { imageExtents, requireAlike, requireF32 } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { reduction } from './reduction.ts';

/**
 * The mean structural similarity of two image batches [N, H, W, C] of f32 with values from −1 to 1, as a tensor [1]: 1 for equal
 * images. Wang, Bovik, Sheikh, Simoncelli 2004, with an 11 × 11 Gaussian window of σ 1.5 kept inside the image, K1 = 0.01
 * and K2 = 0.03, each channel on its own.
 *
 * @throws CyclopsError when shapes or devices differ, for f16, and when a side is shorter than 11 pixels
 */
export function ssim(a: Tensor, b: Tensor): Tensor {
  const problem = checked(a, b);
  const { map, slopes } = windows(problem, a, b);
  const factor = 1 / map.size;
  const out = reduction('sum', factor, map, 0);
  map.dispose();
  slopes.dispose();
  return record(out, [a, b], (gradOutput) => [
    a.requiresGrad ? gradient(problem, { factor, x: a, y: b, gradOutput }) : null,
    b.requiresGrad ? gradient(problem, { factor, x: b, y: a, gradOutput }) : null,
  ]);
}

/**
 * The mean structural similarity of each pair of images, as a tensor [N], channels apart; see {@link ssim}. Not differentiable.
 *
 * @throws CyclopsError as {@link ssim}
 */
export function ssimPerImage(a: Tensor, b: Tensor): Tensor {
  const map = ssimByWindow(a, b);
  const [n = 1] = map.shape;
  const out = Tensor.empty(a.device, [n]);
  perImage(a.device, { kind: 'mean', a: map.slice, b: null, out: out.slice, images: n, count: map.size / n });
  map.dispose();
  return out;
}

/**
 * The structural similarity of images [N, H, W, C] in each window and channel, as a tensor [N, H − 10, W − 10, C]; see {@link ssim}.
 * Not differentiable.
 *
 * @throws CyclopsError as {@link ssim}
 */
export function ssimByWindow(a: Tensor, b: Tensor): Tensor {
  const { map, slopes } = windows(checked(a, b), a, b);
  slopes.dispose();
  return map;
}

interface SsimGradient {
  factor: number;
  /** The image whose gradient is wanted. */
  x: Tensor;
  y: Tensor;
  gradOutput: Tensor;
}

/** The similarities and slopes of all windows are made again here: they take more memory than time. */
function gradient(problem: SsimProblem, { factor, x, y, gradOutput }: SsimGradient): Tensor {
  const { map, slopes } = windows(problem, x, y);
  const gradX = Tensor.empty(x.device, x.shape);
  ssimBackward(x.device, problem, {
    ...{ factor, x: x.slice, y: y.slice, slopes: slopes.slice },
    ...{ gradOutput: gradOutput.slice, gradX: gradX.slice },
  });
  map.dispose();
  slopes.dispose();
  return gradX;
}

function windows(problem: SsimProblem, x: Tensor, y: Tensor): { map: Tensor; slopes: Tensor } {
  const shape = ssimWindows(problem);
  const map = Tensor.empty(x.device, shape);
  const slopes = Tensor.empty(x.device, [...shape, 4]);
  ssimMap(x.device, problem, { x: x.slice, y: y.slice, map: map.slice, slopes: slopes.slice });
  return { map, slopes };
}

function checked(a: Tensor, b: Tensor): SsimProblem {
  requireAlike('ssim', a, b);
  requireF32('An image of ssim', a);
  const problem = imageExtents('ssim', a);
  if (problem.h >= SSIM_WINDOW && problem.w >= SSIM_WINDOW) return problem;
  throw new CyclopsError(
    `ssim compares windows of ${SSIM_WINDOW} × ${SSIM_WINDOW} pixels; got images of height ${problem.h} and ` +
      `width ${problem.w}. Use images of at least ${SSIM_WINDOW} pixels a side.`,
  );
}
