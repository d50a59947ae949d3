import { maxPool, maxPoolBackward } from '../kernels/pool.ts';
import { record } from '../tensor/record.ts';
import { Tensor } from '../tensor/tensor.ts';
import { type PoolOptions, poolProblem } from './pool-options.ts';
import type { RowsColumns } from './sliding.ts';

export interface MaxPool2dOptions extends PoolOptions {
  /** Pixels from one of a window to its next; default 1. */
  dilation?: RowsColumns;
}

/**
 * The largest pixel of each window, channels apart; NaN where one is. The gradient goes to that pixel, of equal ones to the first, as in
 * PyTorch.
 *
 * @param x [N, H, W, C] @param kernelSize of the windows, in pixels
 * @returns [N, P, Q, C] with P = ⌊(H + before + after − dilation · (KH − 1) − 1) / stride⌋ + 1
 * @throws CyclopsError for other tensors, for an option that is unknown or cannot be, and when a window would hold no pixel
 */
export function maxPool2d(x: Tensor, kernelSize: RowsColumns, options: MaxPool2dOptions = {}): Tensor {
  const problem = poolProblem('maxPool2d', x, kernelSize, options, ['stride', 'padding', 'dilation', 'ceilMode']);
  const { device } = x;
  const y = Tensor.empty(device, [problem.n, problem.p, problem.q, problem.c], x.dtype);
  const chosen = Tensor.empty(device, y.shape, 'u32');
  maxPool(device, problem, { x: x.slice, y: y.slice, chosen: chosen.slice });
  return record(y, [x], (gradOutput) => {
    const gradX = Tensor.empty(device, x.shape, x.dtype);
    const slices = { gradOutput: gradOutput.slice, chosen: chosen.slice, gradX: gradX.slice };
    maxPoolBackward(device, problem, slices);
    return [gradX];
  });
}
