import * as kernels from '../kernels/softmax.ts';
import { cast } from '../tensor/cast.ts';
import { record } from '../tensor/record.ts';
import { requireOperands } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { aroundAxis, axisOf } from './axis.ts';
import { reducedOver } from './axis-reduction.ts';

/**
 * e^x over its sum along an axis, in x's shape and dtype. The largest element of each sum is taken off first, so that nothing overflows.
 *
 * @param axis from 0, or counted from the last by −1, −2, …; the last unless told otherwise
 * @throws CyclopsError when there is no such axis, for a tensor of integers, and for one that was disposed of
 */
export function softmax(x: Tensor, axis = -1): Tensor {
  requireOperands('softmax', x);
  const { device, shape, floatDType: dtype } = x;
  const problem = { ...aroundAxis(shape, axisOf('softmax', x, axis)), dtype };
  const { outer, size, inner } = problem;
  const over = { space: [outer, size, inner], kept: [outer, 1, inner], shape: [outer, inner] };
  const y = Tensor.empty(device, shape, dtype);
  const largest = cast(reducedOver(x, over, 'max'), dtype);
  const sums = reducedOver(x, over, 'power', { other: largest });
  kernels.softmax(device, problem, { x: x.slice, largest: largest.slice, sums: sums.slice, y: y.slice });
  return record(y, [x], (gradOutput) => {
    const gradX = Tensor.empty(device, shape, dtype);
    const products = reducedOver(gradOutput, over, 'product', { other: y });
    const slices = { gradOutput: gradOutput.slice, products: products.slice, gradX: gradX.slice };
    kernels.softmaxBackward(device, problem, { y: y.slice, ...slices });
    return [gradX];
  });
}
