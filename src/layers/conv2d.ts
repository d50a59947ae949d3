import { CONV_OPTIONS, LAYER_OPTIONS, requireConvOptions } from '../autograd/conv-options.ts';
import { conv2d } from '../autograd/conv2d.ts';
import type { Activation } from '../kernels/activation.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Initialiser } from './init.ts';
import { Module } from './module.ts';

export interface Conv2dLayerOptions {
  inChannels: number;
  outChannels: number;
  kernelSize: number;
  stride?: number;
  padding?: number;
  /** `reflect` stands for the reference's ReflectionPad2d in front of a convolution without padding. */
  paddingMode?: 'zeros' | 'reflect';
  /** Applied to the result in the same launch. */
  activation?: Activation;
  /**
   * An instance norm without affine follows, which takes any constant of a channel away: the bias has no effect and no
   * gradient. It is kept for the state dict alone.
   */
  deadBias?: boolean;
}

/** Convolution of x [N,H,W,inChannels] with a weight [KH,KW,inChannels,outChannels] and a bias [outChannels]. */
export class Conv2d extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor;

  /** @throws CyclopsError when an option cannot be */
  constructor(
    private readonly options: Conv2dLayerOptions,
    init: Initialiser,
  ) {
    super();
    requireConvOptions('Conv2d', options, [...LAYER_OPTIONS, ...CONV_OPTIONS]);
    const { kernelSize, inChannels, outChannels } = options;
    this.weight = this.addParameter('weight', init.weight([kernelSize, kernelSize, inChannels, outChannels]));
    this.bias = this.addParameter('bias', init.bias([outChannels]));
  }

  forward(x: Tensor): Tensor {
    const { stride = 1, padding = 0, paddingMode = 'zeros', activation = 'none', deadBias } = this.options;
    return conv2d(x, this.weight, deadBias ? null : this.bias, { stride, padding, paddingMode, activation });
  }
}
