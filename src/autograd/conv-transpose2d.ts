import { CyclopsError } from '../gpu/errors.ts';
import type { GroupedProblem } from '../kernels/conv2d/grouped.ts';
import { record } from '../tensor/record.ts';
import { given, imageExtents, requireOperands } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import {
  CONV_TRANSPOSE_OPTIONS,
  type ConvSettings,
  convSettings,
  type OutputPadding,
  type SlidingOptions,
} from './conv-options.ts';
import { biasGrad, operandOf, requireBias } from './conv2d.ts';
import { convolution } from './convolution.ts';
import { weightGrad } from './weight-grad.ts';

export interface ConvTranspose2dOptions extends SlidingOptions {
  /** Extra rows and columns at the far edges, less than the stride; a pair where they differ. */
  outputPadding?: OutputPadding;
}

/**
 * Transposed convolution as in PyTorch: the input gradient of a convolution with the same weight, plus a bias.
 *
 * @param x [N, H, W, Cin] @param weight [KH, KW, Cout / groups, Cin] @param bias [Cout] or null
 * @returns [N, (H − 1)·stride − before − after + dilation·(KH − 1) + 1 + outputPadding, …, Cout]
 * @throws CyclopsError when shapes, dtypes, devices or options do not fit
 */
export function convTranspose2d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  options: ConvTranspose2dOptions = {},
): Tensor {
  requireOperands('convTranspose2d', x, weight, ...given(bias));
  const problem = adjointProblem(x, weight, convSettings('convTranspose2d', options, CONV_TRANSPOSE_OPTIONS));
  const { device } = x;
  const kernels = convolution(device, 'convTranspose2d', problem);
  requireBias('convTranspose2d', bias, problem.c);
  const y = Tensor.empty(device, [problem.n, problem.h, problem.w, problem.c], x.dtype);
  const operand = operandOf('convTranspose2d', weight, x);
  kernels.inputGrad({ dy: x.slice, weight: operand.slice, bias: bias?.slice ?? null, dx: y.slice });
  const inputs = bias ? [x, weight, bias] : [x, weight];
  return record(y, inputs, (gradOutput) => {
    const dx = x.requiresGrad ? Tensor.empty(device, x.shape, x.dtype) : null;
    if (dx) {
      const forward = { x: gradOutput.slice, weight: operand.slice, bias: null, y: dx.slice };
      kernels.forward({ ...forward, activation: 'none' });
    }
    const dw = weight.requiresGrad ? weightGrad(kernels, { x: gradOutput, dy: x, weight }) : null;
    const db = bias?.requiresGrad ? biasGrad(device, gradOutput, bias) : null;
    return [dx, dw, db];
  });
}

/** The convolution whose input gradient this is: from the large image [n,h,w,c] to the small one [n,p,q,o]. */
function adjointProblem(x: Tensor, weight: Tensor, settings: ConvSettings): GroupedProblem {
  const { stride, padding, dilation, groups, paddingMode, outputPadding } = settings;
  const { n, h: p, w: q, c: o } = imageExtents('convTranspose2d', x);
  const [kh = 0, kw = 0, channels = 0, inChannels] = weight.shape;
  if (weight.shape.length !== 4 || inChannels !== o) {
    const shared = groups === 1 ? '' : ` / ${groups}`;
    throw new CyclopsError(
      `convTranspose2d of x [${x.shape.join(', ')}] needs a weight [KH, KW, Cout${shared}, ${o}]; got [${weight.shape.join(', ')}].`,
    );
  }
  const out = (extent: number, k: number, axis: 0 | 1) => {
    const [before, after] = padding[axis];
    return (extent - 1) * stride[axis] - before - after + dilation[axis] * (k - 1) + 1 + outputPadding[axis];
  };
  const [h, w] = [out(p, kh, 0), out(q, kw, 1)];
  if (h < 1 || w < 1) {
    const sides = padding.map(([before, after]) => (before === after ? before : `${before} and ${after}`));
    throw new CyclopsError(
      `convTranspose2d of x [${x.shape.join(', ')}] with padding ${[...new Set(sides)].join(', ')} has no output.`,
    );
  }
  const shapes = { n, h, w, c: channels * groups, p, q, o, kh, kw };
  return { ...shapes, stride, padding, dilation, groups, paddingMode, dtype: x.floatDType };
}
