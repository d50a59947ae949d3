import type { Device } from '../gpu/device.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { type Activation, activationBackward } from '../kernels/activation.ts';
import { channelSum } from '../kernels/channel-sum.ts';
import type { InputGradArguments } from '../kernels/conv2d/arguments.ts';
import type { GroupedProblem } from '../kernels/conv2d/grouped.ts';
import { cast } from '../tensor/cast.ts';
import { noGrad, record } from '../tensor/record.ts';
import { given, imageExtents, requireF32, requireOperands } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { CONV_OPTIONS, type ConvSettings, convSettings, type SlidingOptions } from './conv-options.ts';
import { type Convolution, convolution } from './convolution.ts';
import { pairedWeightGrad } from './paired-weight-grad.ts';
import { gradientOf } from './tape.ts';
import { Unfolded } from './unfolded.ts';

export interface Conv2dOptions extends SlidingOptions {
  /** What lies beyond the image's sides; zeros unless told otherwise. */
  paddingMode?: 'zeros' | 'reflect';
  /** Applied to the output inside the same kernel; a leaky ReLU has slope 0.2. */
  activation?: Activation;
}

/**
 * activation(x ⋆ weight + bias), a cross-correlation as in PyTorch.
 *
 * @param x [N, H, W, C], f32 or f16 @param weight [KH, KW, C / groups, O] @param bias [O] or null; both f32
 * @returns [N, P, Q, O] in the dtype of x, with P = ⌊(H + before + after − dilation · (KH − 1) − 1) / stride⌋ + 1
 * @throws CyclopsError when shapes, dtypes, devices or options do not fit, or the reflection is larger than the image
 */
export function conv2d(x: Tensor, weight: Tensor, bias: Tensor | null, options: Conv2dOptions = {}): Tensor {
  requireOperands('conv2d', x, weight, ...given(bias));
  const problem = forwardProblem(x, weight, convSettings('conv2d', options, CONV_OPTIONS));
  const { activation = 'none' } = options;
  const { device } = x;
  const kernels = convolution(device, 'conv2d', problem);
  requireBias('conv2d', bias, problem.o);
  const y = Tensor.empty(device, [problem.n, problem.p, problem.q, problem.o], x.dtype);
  const operand = operandOf('conv2d', weight, x);
  const slices = { x: x.slice, weight: operand.slice, bias: bias?.slice ?? null, y: y.slice };
  kernels.forward({ ...slices, activation });
  const inputs = bias ? [x, weight, bias] : [x, weight];
  return record(y, inputs, (gradOutput, before, walk) => {
    let dy = gradOutput;
    if (activation !== 'none') {
      dy = Tensor.empty(device, y.shape, y.dtype);
      const slices = { output: y.slice, gradOutput: gradOutput.slice, gradX: dy.slice };
      activationBackward(device, { kind: activation, ...slices, count: y.size, dtype: y.floatDType });
    }
    const args = { dy: dy.slice, weight: operand.slice, bias: null };
    const dx = x.requiresGrad
      ? inputGrad(kernels, x, args, { pad: problem.padding[0][0], before: () => before(0) })
      : null;
    const dw = weight.requiresGrad ? pairedWeightGrad(kernels, { x, dy, weight }, walk) : null;
    const db = bias?.requiresGrad ? biasGrad(device, dy, bias) : null;
    return [dx, dw, db];
  });
}

interface Reflection {
  /** Pixels on each side, where there is a fold. */
  pad: number;
  /** Takes what has come for x so far. */
  before: () => Tensor | null;
}

/** The gradient of x, to be folded by who takes it, if it was padded by reflection and what made it does that. */
function inputGrad(
  kernels: Convolution,
  x: Tensor,
  args: Pick<InputGradArguments, 'dy' | 'weight' | 'bias'>,
  { pad, before }: Reflection,
): Tensor | Unfolded {
  const dx = Tensor.empty(x.device, x.shape, x.dtype);
  const addend = kernels.foldsInputGrad ? before() : null;
  if (!kernels.leavesUnfolded || !x.node?.takesUnsettled) {
    kernels.inputGrad({ ...args, ...(addend && { addend: addend.slice }), dx: dx.slice });
    return dx;
  }
  const { n, h, w, c } = imageExtents('conv2d', x);
  const unfolded = Tensor.empty(x.device, [n, h + 2 * pad, w + 2 * pad, c], x.dtype);
  kernels.inputGrad({ ...args, dx: dx.slice, unfolded: unfolded.slice });
  return new Unfolded(unfolded, addend, dx, pad);
}

function forwardProblem(x: Tensor, weight: Tensor, settings: ConvSettings): GroupedProblem {
  const { n, h, w, c } = imageExtents('conv2d', x);
  const { stride, padding, dilation, groups, paddingMode } = settings;
  const [kh = 0, kw = 0, inChannels, o = 0] = weight.shape;
  if (weight.shape.length !== 4 || inChannels !== Math.ceil(c / groups)) {
    const inGroups = groups === 1 ? '' : ` in ${groups} groups`;
    throw new CyclopsError(
      `conv2d of x [${x.shape.join(', ')}]${inGroups} needs a weight [KH, KW, ${Math.ceil(c / groups)}, O]; ` +
        `got [${weight.shape.join(', ')}].`,
    );
  }
  const out = (extent: number, k: number, axis: 0 | 1) => {
    const [before, after] = padding[axis];
    return Math.floor((extent + before + after - dilation[axis] * (k - 1) - 1) / stride[axis]) + 1;
  };
  const shapes = { n, h, w, c, p: out(h, kh, 0), q: out(w, kw, 1), o, kh, kw };
  return { ...shapes, stride, padding, dilation, groups, paddingMode, dtype: x.floatDType };
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

/** Adds the bias's gradient to its `grad` where it is a leaf (then null), else returns it: the sum of dy [..., O] over all but its channels. */
export function biasGrad(device: Device, dy: Tensor, bias: Tensor): Tensor | null {
  const [channels, rows] = [bias.size, dy.size / bias.size];
  return gradientOf(bias, ({ slice: out }, accumulate) =>
    channelSum(device, { x: dy.slice, out, rows, channels, accumulate, dtype: dy.floatDType }),
  );
}
