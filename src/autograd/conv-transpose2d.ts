import { CyclopsError } from '../gpu/errors.ts';
import { convForward } from '../kernels/conv2d/forward.ts';
import { convInputGrad } from '../kernels/conv2d/input-grad.ts';
import { type ConvProblem, checkProblem } from '../kernels/conv2d/problem.ts';
import { run } from '../kernels/tuning/choices.ts';
import { record } from '../tensor/record.ts';
import { imageExtents, requireOperands } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { CONV_TRANSPOSE_OPTIONS, type OutputPadding, requireConvOptions } from './conv-options.ts';
import { biasGrad, operandOf, requireBias, weightGrad } from './conv2d.ts';

export interface ConvTranspose2dOptions {
  stride?: number;
  padding?: number;
  /** Extra rows and columns at the far edges, less than the stride; a pair where they differ. */
  outputPadding?: OutputPadding;
}

/**
 * Transposed convolution as in PyTorch: the input gradient of a convolution with the same weight, plus a bias.
 *
 * @param x [N, H, W, Cin] @param weight [KH, KW, Cout, Cin] @param bias [Cout] or null
 * @returns [N, (H − 1)·stride − 2·padding + KH + outputPadding, …, Cout]
 * @throws CyclopsError when shapes, dtypes, devices or options do not fit
 */
export function convTranspose2d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  options: ConvTranspose2dOptions = {},
): Tensor {
  requireOperands('convTranspose2d', x, weight, ...(bias ? [bias] : []));
  const problem = adjointProblem(x, weight, options);
  requireBias('convTranspose2d', bias, problem.c);
  const { device } = x;
  const y = Tensor.empty(device, [problem.n, problem.h, problem.w, problem.c], x.dtype);
  const operand = operandOf('convTranspose2d', weight, x);
  const slices = { dy: x.slice, weight: operand.slice, bias: bias?.slice ?? null, dx: y.slice };
  run(device, convInputGrad, problem, slices);
  const inputs = bias ? [x, weight, bias] : [x, weight];
  return record(y, inputs, (gradOutput) => {
    const dx = x.requiresGrad ? Tensor.empty(device, x.shape, x.dtype) : null;
    if (dx) {
      const forward = {
        x: gradOutput.slice,
        weight: operand.slice,
        bias: null,
        y: dx.slice,
        activation: 'none',
      } as const;
      run(device, convForward, problem, forward);
    }
    const dw = weight.requiresGrad ? weightGrad(problem, { x: gradOutput, dy: x, weight }) : null;
    const db = bias?.requiresGrad ? biasGrad(device, gradOutput, bias) : null;
    return [dx, dw, db];
  });
}

/** The convolution whose input gradient this is: from the large image [n,h,w,c] to the small one [n,p,q,o]. */
function adjointProblem(x: Tensor, weight: Tensor, options: ConvTranspose2dOptions): ConvProblem {
  const { stride = 1, padding = 0, outputPadding = 0 } = options;
  requireConvOptions('convTranspose2d', options, CONV_TRANSPOSE_OPTIONS);
  const { n, h: p, w: q, c: o } = imageExtents('convTranspose2d', x);
  const [kh = 0, kw = 0, c = 0, inChannels] = weight.shape;
  if (weight.shape.length !== 4 || inChannels !== o) {
    throw new CyclopsError(
      `convTranspose2d of x [${x.shape.join(', ')}] needs a weight [KH, KW, Cout, ${o}]; got [${weight.shape.join(', ')}].`,
    );
  }
  const [rows, columns] = typeof outputPadding === 'number' ? [outputPadding, outputPadding] : outputPadding;
  const out = (extent: number, k: number, extra: number) => (extent - 1) * stride - 2 * padding + k + extra;
  const problem: ConvProblem = {
    n,
    h: out(p, kh, rows),
    w: out(q, kw, columns),
    c,
    p,
    q,
    o,
    kh,
    kw,
    stride,
    padding,
    paddingMode: 'zeros',
    dtype: x.floatDType,
  };
  if (problem.h < 1 || problem.w < 1) {
    throw new CyclopsError(`convTranspose2d of x [${x.shape.join(', ')}] with padding ${padding} has no output.`);
  }
  return checkProblem(problem);
}
