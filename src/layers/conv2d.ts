import {
  CONV_OPTIONS,
  convSettings,
  LAYER_OPTIONS,
  requireBias,
  requireGroups,
  type SlidingOptions,
} from '../autograd/conv-options.ts';
import { type Conv2dOptions, conv2d } from '../autograd/conv2d.ts';
import { type RowsColumns, rowsColumns } from '../autograd/sliding.ts';
import { POSITIVE_INTEGER, requireNumber } from '../gpu/arguments.ts';
import type { Activation } from '../kernels/activation.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Initialiser, requireInitialiser } from './init.ts';
import { Module } from './module.ts';

export interface Conv2dLayerOptions extends SlidingOptions {
  inChannels: number;
  outChannels: number;
  /** Of rows and columns alike, or of each. */
  kernelSize: RowsColumns;
  /** `reflect` stands for the reference's ReflectionPad2d in front of a convolution without padding. */
  paddingMode?: 'zeros' | 'reflect';
  /** Applied to the result in the same launch. */
  activation?: Activation;
  /** Whether a bias is added; default true. A batch norm that follows adds its own. */
  bias?: boolean;
  /**
   * An instance norm without affine follows, which takes any constant of a channel away: the bias has no effect and no
   * gradient. It is kept for the state dict alone.
   */
  deadBias?: boolean;
}

/**
 * Convolution of x [N,H,W,inChannels] with a weight [KH,KW,inChannels / groups,outChannels] and, unless told otherwise, a bias
 * [outChannels].
 */
export class Conv2d extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor | null;
  private readonly operation: Conv2dOptions;

  /** @throws CyclopsError when an option cannot be */
  constructor(
    private readonly options: Conv2dLayerOptions,
    init: Initialiser,
  ) {
    super();
    const { groups } = convSettings('Conv2d', options, [...LAYER_OPTIONS, ...CONV_OPTIONS]);
    const { kernelSize, inChannels, outChannels, bias = true, deadBias: _, ...operation } = options;
    this.operation = operation;
    const [kh, kw] = rowsColumns('Conv2d', 'kernelSize', kernelSize, 1);
    requireBias('Conv2d', options);
    requireNumber('Conv2d', 'inChannels', inChannels, POSITIVE_INTEGER);
    requireNumber('Conv2d', 'outChannels', outChannels, POSITIVE_INTEGER);
    requireInitialiser('Conv2d', init, 'weight', 'bias', 'factor');
    requireGroups('Conv2d', groups, inChannels, outChannels);
    this.weight = this.addParameter('weight', init.weight([kh, kw, inChannels / groups, outChannels]));
    this.bias = bias ? this.addParameter('bias', init.bias([outChannels])) : null;
  }

  forward(x: Tensor): Tensor {
    return conv2d(x, this.weight, this.options.deadBias ? null : this.bias, this.operation);
  }
}
