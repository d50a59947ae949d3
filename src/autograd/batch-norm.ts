import { NOT_NEGATIVE, requireFlag, requireNumber, requireOptions, SHARE } from '../gpu/arguments.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { type Activation, activationBackward } from '../kernels/activation.ts';
import { evaluateBatchNorm, updateRunning } from '../kernels/batch-norm.ts';
import { channelSum } from '../kernels/channel-sum.ts';
import { instanceNormBackward } from '../kernels/instance-norm/backward.ts';
import { instanceNormForward } from '../kernels/instance-norm/forward.ts';
import { run } from '../kernels/tuning/choices.ts';
import { record } from '../tensor/record.ts';
import { given, imageExtents, requireF32, requireOperands } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { requireActivation } from './activations/activation.ts';
import { summedLike } from './broadcast.ts';
import { affineGrads } from './instance-norm.ts';

const OPTIONS = ['runningMean', 'runningVar', 'weight', 'bias', 'training', 'momentum', 'eps', 'activation'];

export interface BatchNormOptions {
  /** Means of all batches so far [C], in f32. In training they move, else they are used. */
  runningMean?: Tensor;
  /** Variances likewise, unbiased. Give both or neither. */
  runningVar?: Tensor;
  /** γ [C], in f32; give both γ and β or neither. */
  weight?: Tensor;
  /** β [C], in f32. */
  bias?: Tensor;
  /** Whether a batch is normalised by its own statistics; default false, as in PyTorch. */
  training?: boolean;
  /** The share of a batch in the running statistics; default 0.1. */
  momentum?: number;
  /** Added to the variance; default 1e-5. */
  eps?: number;
  /** Applied to the normalised values, in the same launch. */
  activation?: Activation;
}

/**
 * Batch normalisation (Ioffe and Szegedy, arXiv 1502.03167): each channel gets mean 0 and variance 1 (biased) over the pixels of all images,
 * then γ, β and the activation. In training the statistics are the batch's own; else they are the running ones, which then stay.
 *
 * @param x [N, H, W, C]; in training of more than one pixel in all @returns [N, H, W, C]
 * @throws CyclopsError when shapes, dtypes or devices do not fit, when running statistics are missing outside of training, for a single pixel
 * in training, and for a momentum outside of 0 to 1 and an eps that is negative or not finite
 */
export function batchNorm(x: Tensor, options: BatchNormOptions = {}): Tensor {
  requireFitting(x, options);
  return options.training ? trained(x, options) : evaluated(x, options);
}

/** The batch as one image of all its pixels. */
function trained(x: Tensor, options: BatchNormOptions): Tensor {
  const { weight, bias, runningMean, runningVar, momentum = 0.1, eps = 1e-5, activation = 'none' } = options;
  const { device, floatDType: dtype } = x;
  const channels = x.shape.at(-1) ?? 1;
  const pixels = x.size / channels;
  const problem = { n: 1, pixels, channels, dtype };
  const affine = weight && bias ? { gamma: weight.slice, beta: bias.slice } : null;
  const common = { eps, activation, affine };
  const stats = Tensor.empty(device, [1, 2, channels]);
  const y = Tensor.empty(device, x.shape, dtype);
  const slices = { x: x.slice, residual: null, stats: stats.slice, y: y.slice };
  run(device, instanceNormForward, problem, { ...common, ...slices });
  if (runningMean && runningVar) {
    const running = { mean: runningMean.slice, variance: runningVar.slice };
    updateRunning(device, { stats: stats.slice, ...running, eps, momentum, values: pixels, channels });
  }
  return record(y, [x, ...(weight && bias ? [weight, bias] : [])], (gradOutput) => {
    const sums = Tensor.empty(device, [1, 2, channels]);
    const dx = Tensor.empty(device, x.shape, dtype);
    const slices = { x: x.slice, stats: stats.slice, dy: gradOutput.slice, sums: sums.slice, dx: dx.slice };
    run(device, instanceNormBackward, problem, { ...common, ...slices });
    return [dx, ...(affine ? affineGrads(sums, 1, channels) : [])];
  });
}

function evaluated(x: Tensor, options: BatchNormOptions): Tensor {
  const { weight, bias, runningMean, runningVar, eps = 1e-5, activation = 'none' } = options;
  if (!runningMean || !runningVar) {
    throw new CyclopsError(
      'batchNorm needs a runningMean and a runningVar to normalise by, unless it is told that it is in training.',
    );
  }
  const { device, floatDType: dtype } = x;
  const channels = x.shape.at(-1) ?? 1;
  const affine = weight && bias ? { gamma: weight.slice, beta: bias.slice } : null;
  const common = { mean: runningMean.slice, variance: runningVar.slice, eps, count: x.size, channels, dtype };
  const y = Tensor.empty(device, x.shape, dtype);
  evaluateBatchNorm(device, { ...common, x: x.slice, affine, y: y.slice, shift: true, activation });
  return record(y, [x, ...(weight && bias ? [weight, bias] : [])], (gradOutput) => {
    let dy = gradOutput;
    if (activation !== 'none') {
      dy = Tensor.empty(device, y.shape, dtype);
      const slices = { output: y.slice, gradOutput: gradOutput.slice, gradX: dy.slice };
      activationBackward(device, { kind: activation, ...slices, count: y.size, dtype });
    }
    const linear = { activation: 'none', ...common } as const;
    const dx = x.requiresGrad ? Tensor.empty(device, x.shape, dtype) : null;
    if (dx) evaluateBatchNorm(device, { ...linear, x: dy.slice, affine, y: dx.slice, shift: false });
    if (!weight || !bias) return [dx];
    const normal = Tensor.empty(device, x.shape, dtype);
    evaluateBatchNorm(device, { ...linear, x: x.slice, affine: null, y: normal.slice, shift: true });
    const dBias = Tensor.empty(device, bias.shape);
    const rows = x.size / channels;
    channelSum(device, { x: dy.slice, out: dBias.slice, rows, channels, accumulate: false, dtype });
    return [dx, summedLike(weight, { term: 'product', a: dy, b: normal }), dBias];
  });
}

function requireFitting(x: Tensor, options: BatchNormOptions): void {
  requireOptions('batchNorm', options, OPTIONS);
  const { weight, bias, runningMean, runningVar, training, momentum = 0.1, eps = 1e-5, activation = 'none' } = options;
  const { n, h, w, c } = imageExtents('batchNorm', x);
  const vectors = { weight, bias, runningMean, runningVar };
  requireOperands('batchNorm', x, ...given(...Object.values(vectors)));
  requireActivation('batchNorm', activation);
  for (const [name, tensor] of Object.entries(vectors)) {
    if (!tensor) continue;
    requireF32(`The ${name} of batchNorm`, tensor);
    if (tensor.shape.length === 1 && tensor.size === c) continue;
    throw new CyclopsError(`batchNorm of ${c} channels needs a ${name} [${c}]; got [${tensor.shape.join(', ')}].`);
  }
  if (!weight !== !bias) throw new CyclopsError('batchNorm takes both a weight and a bias, or neither.');
  if (!runningMean !== !runningVar) {
    throw new CyclopsError('batchNorm takes both a runningMean and a runningVar, or neither.');
  }
  requireFlag('batchNorm', 'training', training);
  requireNumber('batchNorm', 'momentum', momentum, SHARE);
  requireNumber('batchNorm', 'eps', eps, NOT_NEGATIVE);
  if (training && n * h * w === 1) {
    throw new CyclopsError(
      `batchNorm in training needs more than one pixel in all, since one is its own mean; got [${x.shape.join(', ')}].`,
    );
  }
}
