import type { Device } from '../gpu/device.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { type Activation, activationBackward } from '../kernels/activation.ts';
import { channelSum } from '../kernels/channel-sum.ts';
import { convForward } from '../kernels/conv2d/forward.ts';
import { convInputGrad } from '../kernels/conv2d/input-grad.ts';
import { type ConvOptions, type ConvProblem, checkProblem } from '../kernels/conv2d/problem.ts';
import { convWeightGrad } from '../kernels/conv2d/weight-grad.ts';
import { run } from '../kernels/tuning/choices.ts';
import { cast } from '../tensor/cast.ts';
import { noGrad, record } from '../tensor/record.ts';
import { imageExtents, requireF32, requireOperands } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { CONV_OPTIONS, requireConvOptions } from './conv-options.ts';
import { gradientOf } from './tape.ts';

export interface Conv2dOptions extends Partial<ConvOptions> {
  /** Applied to the output inside the same kernel; a leaky ReLU has slope 0.2. */
  activation?: Activation;
}

/**
 * activation(x ⋆ weight + bias), a cross-correlation as in PyTorch.
 *
 * @param x [N, H, W, C], f32 or f16 @param weight [KH, KW, C, O] @param bias [O] or null; both f32
 * @returns [N, P, Q, O] in the dtype of x, with P = ⌊(H + 2·padding − KH) / stride⌋ + 1
 * @throws CyclopsError when shapes, dtypes, devices or options do not fit, or the reflection is larger than the image
 */
export function conv2d(x: Tensor, weight: Tensor, bias: Tensor | null, options: Conv2dOptions = {}): Tensor {
  const { stride = 1, padding = 0, paddingMode = 'zeros', activation = 'none' } = options;
  requireOperands('conv2d', x, weight, ...(bias ? [bias] : []));
  requireConvOptions('conv2d', options, CONV_OPTIONS);
  const problem = forwardProblem(x, weight, { stride, padding, paddingMode });
  requireBias('conv2d', bias, problem.o);
  const { device } = x;
  const y = Tensor.empty(device, [problem.n, problem.p, problem.q, problem.o], x.dtype);
  const operand = operandOf('conv2d', weight, x);
  const slices = { x: x.slice, weight: operand.slice, bias: bias?.slice ?? null, y: y.slice };
  run(device, convForward, problem, { ...slices, activation });
  const inputs = bias ? [x, weight, bias] : [x, weight];
  return record(y, inputs, (gradOutput) => {
    let dy = gradOutput;
    if (activation !== 'none') {
      dy = Tensor.empty(device, y.shape, y.dtype);
      const slices = { output: y.slice, gradOutput: gradOutput.slice, gradX: dy.slice };
      activationBackward(device, { kind: activation, ...slices, count: y.size, dtype: y.floatDType });
    }
    const dx = x.requiresGrad ? Tensor.empty(device, x.shape, x.dtype) : null;
    if (dx) run(device, convInputGrad, problem, { dy: dy.slice, weight: operand.slice, bias: null, dx: dx.slice });
    const dw = weight.requiresGrad ? weightGrad(problem, { x, dy, weight }) : null;
    const db = bias?.requiresGrad ? biasGrad(device, dy, bias) : null;
    return [dx, dw, db];
  });
}

function forwardProblem(x: Tensor, weight: Tensor, options: ConvOptions): ConvProblem {
  const { n, h, w, c } = imageExtents('conv2d', x);
  const [kh = 0, kw = 0, inChannels, o = 0] = weight.shape;
  if (weight.shape.length !== 4 || inChannels !== c) {
    throw new CyclopsError(
      `conv2d of x [${x.shape.join(', ')}] needs a weight [KH, KW, ${c}, O]; got [${weight.shape.join(', ')}].`,
    );
  }
  const out = (extent: number, k: number) => Math.floor((extent + 2 * options.padding - k) / options.stride) + 1;
  return checkProblem({ n, h, w, c, p: out(h, kh), q: out(w, kw), o, kh, kw, ...options, dtype: x.floatDType });
}

/**
 * The f32 weight as it is multiplied with x: itself, or its copy in f16.
 *
 * @throws CyclopsError for a weight of another type
 */
export function operandOf(operation: string, weight: Tensor, x: Tensor): Tensor {
  requireF32(`The weight of ${operation}`, weight);
  if (x.floatDType === 'f16' && weight.half) return weight.half;
  // The convolution itself gives the gradient of the f32 weight.
  return noGrad(() => cast(weight, x.floatDType));
}

/** @throws CyclopsError unless the bias has one value a channel, in f32. */
export function requireBias(operation: string, bias: Tensor | null, channels: number): void {
  if (bias) requireF32(`The bias of ${operation}`, bias);
  if (!bias || (bias.shape.length === 1 && bias.size === channels)) return;
  throw new CyclopsError(
    `${operation} with ${channels} output channels needs a bias [${channels}]; got [${bias.shape.join(', ')}].`,
  );
}

interface WeightGradOperands {
  x: Tensor;
  dy: Tensor;
  weight: Tensor;
}

/** Adds to the weight's own `grad` where it is a leaf (then null), else returns the gradient. */
export function weightGrad(problem: ConvProblem, { x, dy, weight }: WeightGradOperands): Tensor | null {
  return gradientOf(weight, ({ slice: dw }, accumulate) =>
    run(x.device, convWeightGrad, problem, { x: x.slice, dy: dy.slice, dw, accumulate }),
  );
}

/** Likewise the bias's gradient: the sum of dy [..., O] over all but its channels. */
export function biasGrad(device: Device, dy: Tensor, bias: Tensor): Tensor | null {
  const [channels, rows] = [bias.size, dy.size / bias.size];
  return gradientOf(bias, ({ slice: out }, accumulate) =>
    channelSum(device, { x: dy.slice, out, rows, channels, accumulate, dtype: dy.floatDType }),
  );
}
