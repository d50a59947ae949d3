import { type Gate, gate, gateBackward } from '../../kernels/gate.ts';
import { record } from '../../tensor/record.ts';
import { requireOperands } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';

/**
 * What gelu and silu share: x · gate(x), differentiated through x.
 *
 * @throws CyclopsError as {@link requireOperands}
 */
export function gated(operation: string, kind: Gate, x: Tensor): Tensor {
  requireOperands(operation, x);
  const { device, shape, size: count, floatDType: dtype } = x;
  const out = Tensor.empty(device, shape, dtype);
  gate(device, { kind, x: x.slice, out: out.slice, count, dtype });
  return record(out, [x], (gradOutput) => {
    const gradX = Tensor.empty(device, shape, dtype);
    gateBackward(device, { kind, x: x.slice, gradOutput: gradOutput.slice, gradX: gradX.slice, count, dtype });
    return [gradX];
  });
}
