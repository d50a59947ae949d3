import { arithmetic } from '../kernels/arithmetic.ts';
import { record } from '../tensor/record.ts';
import { requireAlike } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { detach } from './tape.ts';

/**
 * The values of x, of which each element's gradient is weighed: what depends on it has the value that it had, and is learned from as if each
 * term had that weight.
 *
 * @param weights of the shape and dtype of x; no gradient flows to them @returns x itself, in the same memory
 * @throws CyclopsError when shapes, dtypes or devices differ
 */
export function weighted(x: Tensor, weights: Tensor): Tensor {
  requireAlike('weighted', x, weights);
  return record(detach(x), [x], (gradOutput) => {
    const gradient = Tensor.empty(x.device, x.shape, x.dtype);
    const slices = { a: gradOutput.slice, b: weights.slice, out: gradient.slice };
    arithmetic(x.device, { kind: 'mul', ...slices, count: x.size, dtype: x.floatDType });
    return [gradient];
  });
}
