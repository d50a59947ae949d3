import { requireActivation } from '../autograd/activations/activation.ts';
import { instanceNorm } from '../autograd/instance-norm.ts';
import { NOT_NEGATIVE, POSITIVE_INTEGER, requireNumber, requireOptions } from '../gpu/arguments.ts';
import type { Device } from '../gpu/device.ts';
import type { Activation } from '../kernels/activation.ts';
import { filled } from '../tensor/filled.ts';
import { requireDevice } from '../tensor/require-device.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Module } from './module.ts';

export interface InstanceNorm2dOptions {
  eps?: number;
  /** Applied to the result in the same launch. */
  activation?: Activation;
  /** Trains a factor, at first 1, and a summand, at first 0, for each of so many channels. */
  affine?: { device: Device; channels: number };
}

/** Each plane of x [N,H,W,C] minus its mean over its (biased) standard deviation; no running statistics. */
export class InstanceNorm2d extends Module {
  private readonly affine: { weight: Tensor; bias: Tensor } | undefined;

  /** @throws CyclopsError when an option cannot be */
  constructor(private readonly options: InstanceNorm2dOptions = {}) {
    super();
    requireOptions('InstanceNorm2d', options, ['eps', 'activation', 'affine']);
    const { eps = 1e-5, activation = 'none', affine } = options;
    requireNumber('InstanceNorm2d', 'eps', eps, NOT_NEGATIVE);
    requireActivation('InstanceNorm2d', activation);
    if (affine === undefined) return;
    requireOptions('affine of InstanceNorm2d', affine, ['device', 'channels']);
    requireDevice('InstanceNorm2d', affine.device);
    requireNumber('InstanceNorm2d', 'channels', affine.channels, POSITIVE_INTEGER);
    const constant = (value: number) => filled(affine.device, [affine.channels], value);
    this.affine = {
      weight: this.addParameter('weight', constant(1)),
      bias: this.addParameter('bias', constant(0)),
    };
  }

  /** @param residual a tensor of x's shape to add at the end, in the same launch. */
  forward(x: Tensor, residual?: Tensor): Tensor {
    const { eps = 1e-5, activation = 'none' } = this.options;
    return instanceNorm(x, { eps, activation, ...this.affine, ...(residual !== undefined && { residual }) });
  }
}
