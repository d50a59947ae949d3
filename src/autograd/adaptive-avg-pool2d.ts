import { CyclopsError } from '../gpu/errors.ts';
import { adaptivePool, adaptivePoolBackward } from '../kernels/pool.ts';
import { record } from '../tensor/record.ts';
import { imageExtents } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { type RowsColumns, rowsColumns } from './sliding.ts';

/** The kernels multiply a position in an image by a number of windows, in 32 bits. */
const MOST = 2 ** 32;

/**
 * The means of so many windows that cover an image, channels apart. Window i of P has the rows from ⌊i · H / P⌋ to before ⌈(i + 1) · H / P⌉,
 * as in PyTorch; 1 gives the mean of the image.
 *
 * @param x [N, H, W, C] @param outputSize P and Q, or both at once @returns [N, P, Q, C]
 * @throws CyclopsError for other tensors, unless the output size is made of positive integers, and where it times the image's exceeds 2^32
 */
export function adaptiveAvgPool2d(x: Tensor, outputSize: RowsColumns): Tensor {
  const { n, h, w, c } = imageExtents('adaptiveAvgPool2d', x);
  const [p, q] = rowsColumns('adaptiveAvgPool2d', 'outputSize', outputSize, 1);
  if ((p + 1) * (h + 1) >= MOST || (q + 1) * (w + 1) >= MOST) {
    throw new CyclopsError(`adaptiveAvgPool2d of ${h} × ${w} pixels cannot make ${p} × ${q}. Ask for fewer.`);
  }
  const { device } = x;
  const problem = { n, h, w, c, p, q, dtype: x.floatDType };
  const y = Tensor.empty(device, [n, p, q, c], x.dtype);
  adaptivePool(device, problem, { x: x.slice, y: y.slice });
  return record(y, [x], (gradOutput) => {
    const gradX = Tensor.empty(device, x.shape, x.dtype);
    adaptivePoolBackward(device, problem, { gradOutput: gradOutput.slice, gradX: gradX.slice });
    return [gradX];
  });
}
