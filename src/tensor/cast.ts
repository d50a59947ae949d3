import { narrow, widen } from '../kernels/cast.ts';
import type { FloatDType } from '../kernels/source.ts';
import { Tensor } from './tensor.ts';

/**
 * The values of x as `stored`: x itself where it is that already, else a copy, rounded where it becomes f16. Not differentiable.
 *
 * @throws CyclopsError for a tensor of integers
 */
export function cast(x: Tensor, dtype: FloatDType): Tensor {
  if (x.floatDType === dtype) return x;
  const out = Tensor.empty(x.device, x.shape, dtype);
  (dtype === 'f16' ? narrow : widen)(x.device, { x: x.slice, out: out.slice, count: x.size });
  return out;
}
