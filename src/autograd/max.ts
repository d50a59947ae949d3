import { maxBackward } from '../kernels/reduce-axes.ts';
import { cast } from '../tensor/cast.ts';
import { record } from '../tensor/record.ts';
import { Tensor } from '../tensor/tensor.ts';
import { type AxesOptions, axesOf, axisReduction, reducedOver } from './axis-reduction.ts';

/**
 * The largest of x over some axes, or over all, in x's dtype; NaN where one is. Its gradient goes to the elements that are the largest, in
 * equal parts where several are, as that of PyTorch's `amax`.
 *
 * @returns x's shape without these axes, or with 1 for each by `keepdim`; [1] where none is left
 * @throws CyclopsError for axes that x does not have or that are named twice, for a tensor of integers or of more than 6 axes, and for one
 * that was disposed of
 */
export function max(x: Tensor, options: AxesOptions = {}): Tensor {
  const over = axisReduction('max', x, options);
  const { device, floatDType: dtype } = x;
  const out = cast(reducedOver(x, over, 'max'), dtype);
  return record(out, [x], (gradOutput) => {
    const gradX = Tensor.empty(device, x.shape, dtype);
    const ties = reducedOver(x, over, 'equal', { other: out });
    const slices = { largest: out.slice, ties: ties.slice, gradOutput: gradOutput.slice, gradX: gradX.slice };
    maxBackward(device, { axes: axesOf(over), x: x.slice, ...slices, dtype });
    return [gradX];
  });
}
