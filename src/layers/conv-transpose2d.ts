import {
  CONV_TRANSPOSE_OPTIONS,
  convSettings,
  LAYER_OPTIONS,
  type OutputPadding,
  requireBias,
  requireGroups,
  type SlidingOptions,
} from '../autograd/conv-options.ts';
import { type ConvTranspose2dOptions, convTranspose2d } from '../autograd/conv-transpose2d.ts';
import { type RowsColumns, rowsColumns } from '../autograd/sliding.ts';
import { POSITIVE_INTEGER, requireNumber } from '../gpu/arguments.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Initialiser, requireInitialiser } from './init.ts';
import { Module } from './module.ts';

export interface ConvTranspose2dLayerOptions extends SlidingOptions {
  inChannels: number;
  outChannels: number;
  /** Of rows and columns alike, or of each. */
  kernelSize: RowsColumns;
  outputPadding?: OutputPadding;
  /** Whether a bias is added; default true. */
  bias?: boolean;
  /** As of {@link Conv2d}: an instance norm without affine follows, so the bias is kept for the state dict alone. */
  deadBias?: boolean;
}

/**
 * Transposed convolution of x [N,H,W,inChannels] with a weight [KH,KW,outChannels / groups,inChannels] and, unless told otherwise,
 * a bias [outChannels].
 */
export class ConvTranspose2d extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor | null;
  private readonly operation: ConvTranspose2dOptions;

  /** @throws CyclopsError when an option cannot be */
  constructor(
    private readonly options: ConvTranspose2dLayerOptions,
    init: Initialiser,
  ) {
    super();
    const { groups } = convSettings('ConvTranspose2d', options, [...LAYER_OPTIONS, ...CONV_TRANSPOSE_OPTIONS]);
    const { kernelSize, inChannels, outChannels, bias = true, deadBias: _, ...operation } = options;
    this.operation = operation;
    const [kh, kw] = rowsColumns('ConvTranspose2d', 'kernelSize', kernelSize, 1);
    requireBias('ConvTranspose2d', options);
    requireNumber('ConvTranspose2d', 'inChannels', inChannels, POSITIVE_INTEGER);
    requireNumber('ConvTranspose2d', 'outChannels', outChannels, POSITIVE_INTEGER);
    requireInitialiser('ConvTranspose2d', init, 'weight', 'bias', 'factor');
    requireGroups('ConvTranspose2d', groups, inChannels, outChannels);
    this.weight = this.addParameter('weight', init.weight([kh, kw, outChannels / groups, inChannels]));
    this.bias = bias ? this.addParameter('bias', init.bias([outChannels])) : null;
  }

  forward(x: Tensor): Tensor {
    return convTranspose2d(x, this.weight, this.options.deadBias ? null : this.bias, this.operation);
  }
}
