import { requireActivation } from '../autograd/activations/activation.ts';
import { add } from '../autograd/add.ts';
import { batchNorm } from '../autograd/batch-norm.ts';
import { NOT_NEGATIVE, POSITIVE_INTEGER, requireNumber, requireOptions, SHARE } from '../gpu/arguments.ts';
import type { Device } from '../gpu/device.ts';
import type { Activation } from '../kernels/activation.ts';
import { filled } from '../tensor/filled.ts';
import { requireDevice } from '../tensor/require-device.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Initialiser, requireInitialiser } from './init.ts';
import { Module } from './module.ts';

export interface BatchNorm2dOptions {
  device: Device;
  channels: number;
  /** Added to the variance; default 1e-5. */
  eps?: number;
  /** The share of a batch in the running statistics; default 0.1. */
  momentum?: number;
  /** Applied to the result in the same launch. */
  activation?: Activation;
}

/**
 * Batch normalisation of x [N,H,W,channels] with a factor, at first 1, and a summand, at first 0, for each channel. In training a batch has its
 * own mean and variance, and `running_mean` and `running_var` move towards them; after `eval()` these are used and stay.
 *
 * PyTorch's `num_batches_tracked` has no effect on what it computes: it is accepted in a state dict and not kept.
 */
export class BatchNorm2d extends Module {
  private readonly weight: Tensor;
  private readonly bias: Tensor;
  private readonly runningMean: Tensor;
  private readonly runningVar: Tensor;

  /** @param init makes the first factors, where they are other than 1. @throws CyclopsError when an option cannot be */
  constructor(
    private readonly options: BatchNorm2dOptions,
    init?: Pick<Initialiser, 'factor'>,
  ) {
    super();
    requireOptions('BatchNorm2d', options, ['device', 'channels', 'eps', 'momentum', 'activation']);
    const { device, channels, eps = 1e-5, momentum = 0.1, activation = 'none' } = options;
    requireDevice('BatchNorm2d', device);
    requireNumber('BatchNorm2d', 'channels', channels, POSITIVE_INTEGER);
    requireNumber('BatchNorm2d', 'eps', eps, NOT_NEGATIVE);
    requireNumber('BatchNorm2d', 'momentum', momentum, SHARE);
    requireActivation('BatchNorm2d', activation);
    if (init !== undefined) requireInitialiser('BatchNorm2d', init, 'factor');
    this.weight = this.addParameter('weight', init?.factor([channels]) ?? filled(device, [channels], 1));
    this.bias = this.addParameter('bias', filled(device, [channels], 0));
    this.runningMean = this.addBuffer('running_mean', filled(device, [channels], 0));
    this.runningVar = this.addBuffer('running_var', filled(device, [channels], 1));
    this.acceptUnused('num_batches_tracked');
  }

  /** @param residual a tensor of x's shape to add at the end */
  forward(x: Tensor, residual?: Tensor): Tensor {
    const { weight, bias, runningMean, runningVar, training } = this;
    const { eps = 1e-5, momentum = 0.1, activation = 'none' } = this.options;
    const y = batchNorm(x, { weight, bias, runningMean, runningVar, training, eps, momentum, activation });
    return residual === undefined ? y : add(residual, y);
  }
}
