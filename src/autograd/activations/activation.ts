import { requireChoice } from '../../gpu/arguments.ts';
import { type Activation, type ActivationKind, activation, activationBackward } from '../../kernels/activation.ts';
import { record } from '../../tensor/record.ts';
import { requireOperands } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';

/**
 * What relu, leakyRelu, tanh and sigmoid share: act(x), differentiated through its output.
 *
 * @throws CyclopsError as {@link requireOperands}
 */
export function activate(kind: ActivationKind, x: Tensor, slope?: number): Tensor {
  requireOperands(kind, x);
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

const WITHIN: readonly Activation[] = ['none', 'relu', 'leaky_relu', 'tanh'];

/** @throws CyclopsError unless `name` is an activation that an operation can apply within its own launch */
export function requireActivation(operation: string, name: Activation): void {
  requireChoice(operation, 'activation', name, WITHIN);
}
