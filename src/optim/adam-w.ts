import { NOT_NEGATIVE, requireNumber, requireOptions } from '../gpu/arguments.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Adam, type AdamOptions } from './adam.ts';

export interface AdamWOptions extends AdamOptions {
  /** By this times the learning rate weights shrink in each step, before it; default 0.01. */
  weightDecay?: number;
}

/**
 * Adam whose weights decay by themselves and not through the gradient (Loshchilov and Hutter, arXiv 1711.05101), with PyTorch's conventions.
 * All else is as in {@link Adam}.
 */
export class AdamW extends Adam {
  override readonly weightDecay: number;

  /** @throws CyclopsError as Adam, and unless the weight decay is 0 or more and finite */
  constructor(parameters: readonly Tensor[], options: AdamWOptions) {
    requireOptions('AdamW', options);
    const { weightDecay = 0.01 } = options;
    requireNumber('AdamW', 'weightDecay', weightDecay, NOT_NEGATIVE);
    super(parameters, options, 'AdamW');
    this.weightDecay = weightDecay;
  }
}
