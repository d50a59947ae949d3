import { type ActivationKind, activation, activationBackward } from '../kernels/activation.ts';
import { Tensor } from '../tensor/tensor.ts';
import { record } from './tape.ts';

/** What relu, leakyRelu, tanh and sigmoid share: act(x), differentiated through its output. */
export function activate(kind: ActivationKind, x: Tensor, slope?: number): Tensor {
  const { device, shape, size, floatDType: dtype } = x;
  const out = Tensor.empty(device, shape, dtype);
  activation(device, { kind, slope, x: x.slice, out: out.slice, count: size, dtype });
  return record(out, [x], (gradOutput) => {
    const gradX = Tensor.empty(device, shape, dtype);
    const slices = { output: out.slice, gradOutput: gradOutput.slice, gradX: gradX.slice };
    activationBackward(device, { kind, slope, ...slices, count: size, dtype });
    return [gradX];
  });
}
