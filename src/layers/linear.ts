import { linear } from '../autograd/linear.ts';
import { POSITIVE_INTEGER, requireFlag, requireNumber, requireOptions } from '../gpu/arguments.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Initialiser, requireInitialiser } from './init.ts';
import { Module } from './module.ts';

export interface LinearOptions {
  inFeatures: number;
  outFeatures: number;
  /** Whether a bias is added; default true. */
  bias?: boolean;
}

/** x […, inFeatures] · weightᵀ + bias, with a weight [outFeatures, inFeatures] and a bias [outFeatures]. */
export class Linear extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor | null;

  /** @throws CyclopsError unless both numbers of features are positive integers */
  constructor(options: LinearOptions, init: Initialiser) {
    super();
    requireOptions('Linear', options, ['inFeatures', 'outFeatures', 'bias']);
    const { inFeatures, outFeatures, bias = true } = options;
    requireNumber('Linear', 'inFeatures', inFeatures, POSITIVE_INTEGER);
    requireNumber('Linear', 'outFeatures', outFeatures, POSITIVE_INTEGER);
    requireFlag('Linear', 'bias', bias);
    requireInitialiser('Linear', init, 'weight', 'bias', 'factor');
    this.weight = this.addParameter('weight', init.weight([outFeatures, inFeatures]));
    this.bias = bias ? this.addParameter('bias', init.bias([outFeatures])) : null;
  }

  forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }
}
