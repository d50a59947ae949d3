import { type ActivationKind, activation, activationBackward } from '../kernels/activation.ts';
import { Tensor } from '../tensor/tensor.ts';
import { record } from './tape.ts';

/** What relu, leakyRelu, tanh and sigmoid share: act(x), differentiated through its output. */
export function activate(kind: ActivationKind, x: Tensor, slope?: number): Tensor {
  const { device, shape, size } = x;
  const out = Tensor.empty(device, shape);
  activation(device, kind, x.slice, out.slice, size, slope);
  return record(out, [x], (gradOutput) => {
    const gradX = Tensor.empty(device, shape);
    activationBackward(device, kind, out.slice, gradOutput.slice, gradX.slice, size, slope);
    return [gradX];
  });
}
