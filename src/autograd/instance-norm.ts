import { NOT_NEGATIVE, requireNumber, requireOptions } from '../gpu/arguments.ts';
import { CyclopsError } from '../gpu/errors.ts';
import type { Activation } from '../kernels/activation.ts';
import { foldsOnTheWay, instanceNormBackward } from '../kernels/instance-norm/backward.ts';
import { instanceNormForward } from '../kernels/instance-norm/forward.ts';
import { sumParts } from '../kernels/sum-parts.ts';
import { choose, run } from '../kernels/tuning/choices.ts';
import { recordTaking, settledOf } from '../tensor/record.ts';
import { given, imageExtents, requireAlike, requireF32, requireOperands } from '../tensor/shape.ts';
import { sliceBatch } from '../tensor/slice.ts';
import { Tensor } from '../tensor/tensor.ts';
import { requireActivation } from './activations/activation.ts';
import { Unfolded } from './unfolded.ts';

const OPTIONS = ['eps', 'weight', 'bias', 'activation', 'residual'];

export interface InstanceNormOptions {
  /** Added to the variance; default 1e-5. */
  eps?: number;
  /** γ [C], in f32; give both γ and β or neither. */
  weight?: Tensor;
  /** β [C], in f32. */
  bias?: Tensor;
  /** Applied to the normalised values. */
  activation?: Activation;
  /** Added at the end, in the same pass; not together with an activation. */
  residual?: Tensor;
}

/**
 * Instance normalisation (Ulyanov et al., arXiv 1607.08022): each channel of each image gets mean 0 and variance 1
 * (biased) over its pixels, then γ, β, the activation, and the residual.
 *
 * @param x [N, H, W, C] of more than one pixel @returns [N, H, W, C]
 * @throws CyclopsError when shapes, dtypes or devices do not fit, for images of one pixel, for an eps that is
 * negative or not finite, and for a residual together with an activation
 */
export function instanceNorm(x: Tensor, options: InstanceNormOptions = {}): Tensor {
  requireOptions('instanceNorm', options, OPTIONS);
  const { eps = 1e-5, weight, bias, activation = 'none', residual } = options;
  const { n, h, w, c } = imageExtents('instanceNorm', x);
  requireOperands('instanceNorm', x, ...given(weight, bias, residual));
  requireActivation('instanceNorm', activation);
  requireNumber('instanceNorm', 'eps', eps, NOT_NEGATIVE);
  if (residual) requireAlike('instanceNorm with a residual', x, residual);
  if (residual && activation !== 'none')
    throw new CyclopsError('instanceNorm takes an activation or a residual, not both.');
  if (h * w === 1) {
    throw new CyclopsError(
      `instanceNorm needs more than one pixel an image, since one is its own mean; got [${x.shape.join(', ')}].`,
    );
  }
  const fits = (tensor: Tensor | undefined) => !tensor || (tensor.shape.length === 1 && tensor.size === c);
  if (!fits(weight) || !fits(bias) || !weight !== !bias) {
    throw new CyclopsError(`instanceNorm of ${c} channels needs both a weight [${c}] and a bias [${c}], or neither.`);
  }
  for (const tensor of [weight, bias]) if (tensor) requireF32('The affine part of instanceNorm', tensor);
  const { device } = x;
  const affine = weight && bias ? { gamma: weight.slice, beta: bias.slice } : null;
  const problem = { n, pixels: h * w, channels: c, dtype: x.floatDType };
  const common = { eps, activation, affine };
  const stats = Tensor.empty(device, [n, 2, c]);
  const y = Tensor.empty(device, x.shape, x.dtype);
  const slices = { x: x.slice, residual: residual?.slice ?? null, stats: stats.slice, y: y.slice };
  run(device, instanceNormForward, problem, { ...common, ...slices });

  const inputs = [x, ...(weight && bias ? [weight, bias] : []), ...(residual ? [residual] : [])];
  return recordTaking(y, inputs, (gradOutput) => {
    const unfolded =
      gradOutput instanceof Unfolded && foldsOnTheWay(device, choose(device, instanceNormBackward, problem), problem)
        ? gradOutput
        : null;
    const dy = unfolded ? unfolded.folded : settledOf(gradOutput);
    const sums = Tensor.empty(device, [n, 2, c]);
    const dx = Tensor.empty(device, x.shape, x.dtype);
    run(device, instanceNormBackward, problem, {
      ...common,
      x: x.slice,
      stats: stats.slice,
      dy: dy.slice,
      fold: unfolded?.fold,
      sums: sums.slice,
      dx: dx.slice,
    });
    unfolded?.done();
    return [dx, ...(affine ? affineGrads(sums, n, c) : []), ...(residual ? [dy] : [])];
  });
}

/** dγ and dβ, from the sums [N, 2, C] of each image. */
export function affineGrads(sums: Tensor, n: number, c: number): [Tensor, Tensor] {
  const total = Tensor.empty(sums.device, [2, c]);
  sumParts(sums.device, { part: sums.slice, parts: n, out: total.slice, count: 2 * c, accumulate: false });
  return [sliceBatch(total, 1, 2).reshape([c]), sliceBatch(total, 0, 1).reshape([c])];
}
