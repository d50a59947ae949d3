import { linear } from '../autograd/linear.ts';
import { CyclopsError } from '../gpu/errors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Initialiser } from './init.ts';
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
  constructor({ inFeatures, outFeatures, bias = true }: LinearOptions, init: Initialiser) {
    super();
    for (const [name, count] of Object.entries({ inFeatures, outFeatures })) {
      if (Number.isInteger(count) && count > 0) continue;
      throw new CyclopsError(`The ${name} of Linear must be a positive integer; got ${count}.`);
    }
    this.weight = this.addParameter('weight', init.weight([outFeatures, inFeatures]));
    this.bias = bias ? this.addParameter('bias', init.bias([outFeatures])) : null;
  }

  forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }
}
