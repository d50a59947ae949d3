import { requireFlag } from '../gpu/arguments.ts';
import { averagePool, averagePoolBackward } from '../kernels/pool.ts';
import { record } from '../tensor/record.ts';
import { Tensor } from '../tensor/tensor.ts';
import { type PoolOptions, poolProblem } from './pool-options.ts';
import type { RowsColumns } from './sliding.ts';

export interface AvgPool2dOptions extends PoolOptions {
  /** Whether pixels of the padding count as zeros, or not at all; default true, as in PyTorch. */
  countIncludePad?: boolean;
}

/**
 * The mean of each window's pixels, channels apart.
 *
 * @param x [N, H, W, C] @param kernelSize of the windows, in pixels
 * @returns [N, P, Q, C] with P = ⌊(H + before + after − KH) / stride⌋ + 1
 * @throws CyclopsError for other tensors, for an option that is unknown or cannot be, and when a window would hold no pixel
 */
export function avgPool2d(x: Tensor, kernelSize: RowsColumns, options: AvgPool2dOptions = {}): Tensor {
  const problem = poolProblem('avgPool2d', x, kernelSize, options, [
    'stride',
    'padding',
    'ceilMode',
    'countIncludePad',
  ]);
  requireFlag('avgPool2d', 'countIncludePad', options.countIncludePad);
  const { countIncludePad: padded = true } = options;
  const { device } = x;
  const y = Tensor.empty(device, [problem.n, problem.p, problem.q, problem.c], x.dtype);
  averagePool(device, problem, { x: x.slice, y: y.slice, padded });
  return record(y, [x], (gradOutput) => {
    const gradX = Tensor.empty(device, x.shape, x.dtype);
    averagePoolBackward(device, problem, { gradOutput: gradOutput.slice, gradX: gradX.slice, padded });
    return [gradX];
  });
}
