import type { Tensor } from '../tensor/tensor.ts';
import { Module } from './module.ts';

/**
 * Modules one after another. Names are given, not counted: where one of our layers does the work of several of the
 * reference's (padding, convolution, activation), it bears the number of the one that has the weights.
 */
export class Sequential extends Module {
  private readonly layers: readonly Module[];

  constructor(layers: readonly (readonly [name: string, layer: Module])[]) {
    super();
    this.layers = layers.map(([name, layer]) => this.addModule(name, layer));
  }

  forward(x: Tensor): Tensor {
    return this.layers.reduce((activations, layer) => layer.forward(activations), x);
  }
}
