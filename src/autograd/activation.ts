import { type ActivationKind, activation, activationBackward } from '../kernels/activation.ts';
import { Tensor } from '../tensor/tensor.ts';
import { record } from './tape.ts';

/** What relu, leakyRelu, tanh and sigmoid share: act(x), differentiated through its output. */
export function activate(kind: ActivationKind, x: Tensor, slope?: number): Tensor {
  const { device, shape, size, stored } = x;
  const out = Tensor.empty(device, shape, stored);
  activation(device, kind, x.slice, out.slice, size, stored, slope);
  return record(out, [x], (gradOutput) => {
    const gradX = Tensor.empty(device, shape, stored);
    activationBackward(device, kind, out.slice, gradOutput.slice, gradX.slice, size, stored, slope);
    return [gradX];
  });
}
