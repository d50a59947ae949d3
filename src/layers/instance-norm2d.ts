import { instanceNorm } from '../autograd/instance-norm.ts';
import type { Device } from '../gpu/device.ts';
import type { Activation } from '../kernels/activation.ts';
import { Tensor } from '../tensor/tensor.ts';
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

  constructor(private readonly options: InstanceNorm2dOptions = {}) {
    super();
    const { affine } = options;
    if (!affine) return;
    const constant = (value: number) => {
      const tensor = Tensor.empty(affine.device, [affine.channels]);
      tensor.upload(new Float32Array(tensor.size).fill(value));
      return tensor;
    };
    this.affine = {
      weight: this.addParameter('weight', constant(1)),
      bias: this.addParameter('bias', constant(0)),
    };
  }

  /** @param residual a tensor of x's shape to add at the end, in the same launch. */
  forward(x: Tensor, residual?: Tensor): Tensor {
    const { eps = 1e-5, activation = 'none' } = this.options;
    return instanceNorm(x, { eps, activation, ...this.affine, ...(residual && { residual }) });
  }
}
