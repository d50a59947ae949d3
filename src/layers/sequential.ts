import { COUNT, requireList, requireNumber } from '../gpu/arguments.ts';
import { requireTensor } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Module } from './module.ts';

/**
 * Modules one after another. Names are given, not counted: where one of our layers does the work of several of the
 * reference's (padding, convolution, activation), it bears the number of the one that has the weights.
 */
export class Sequential extends Module {
  /** @throws CyclopsError when two have one name */
  constructor(private readonly layers: readonly (readonly [name: string, layer: Module])[]) {
    super();
    requireList('Sequential', 'layers', layers);
    for (const layer of layers) {
      requireList('Sequential', 'layer', layer);
      this.addModule(...layer);
    }
  }

  forward(x: Tensor): Tensor {
    return this.outputs(x).at(-1) ?? x;
  }

  /**
   * What each module, or each of the first `count`, makes of what the one before it made.
   *
   * @throws CyclopsError for what is no tensor and no count
   */
  outputs(x: Tensor, count = this.layers.length): Tensor[] {
    requireTensor('outputs', x);
    requireNumber('outputs', 'count', count, COUNT);
    const { device } = x;
    let last = x;
    return this.layers.slice(0, count).map(([name, layer]) => {
      const input = last;
      last = device.within(name, () => layer.forward(input));
      return last;
    });
  }
}
