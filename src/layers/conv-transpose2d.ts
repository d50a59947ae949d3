import { CONV_TRANSPOSE_OPTIONS, LAYER_OPTIONS, requireConvOptions } from '../autograd/conv-options.ts';
import { convTranspose2d } from '../autograd/conv-transpose2d.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Initialiser } from './init.ts';
import { Module } from './module.ts';

export interface ConvTranspose2dLayerOptions {
  inChannels: number;
  outChannels: number;
  kernelSize: number;
  stride?: number;
  padding?: number;
  outputPadding?: number;
  /** As of {@link Conv2d}: an instance norm without affine follows, so the bias is kept for the state dict alone. */
  deadBias?: boolean;
}

/** Transposed convolution of x [N,H,W,inChannels] with a weight [KH,KW,outChannels,inChannels] and a bias [outChannels]. */
export class ConvTranspose2d extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor;

  /** @throws CyclopsError when an option cannot be */
  constructor(
    private readonly options: ConvTranspose2dLayerOptions,
    init: Initialiser,
  ) {
    super();
    requireConvOptions('ConvTranspose2d', options, [...LAYER_OPTIONS, ...CONV_TRANSPOSE_OPTIONS]);
    const { kernelSize, inChannels, outChannels } = options;
    this.weight = this.addParameter('weight', init.weight([kernelSize, kernelSize, outChannels, inChannels]));
    this.bias = this.addParameter('bias', init.bias([outChannels]));
  }

  forward(x: Tensor): Tensor {
    const { stride = 1, padding = 0, outputPadding = 0, deadBias } = this.options;
    return convTranspose2d(x, this.weight, deadBias ? null : this.bias, { stride, padding, outputPadding });
  }
}
