import { narrow, widen } from '../kernels/cast.ts';
import type { FloatDType } from '../kernels/source.ts';
import { record } from './record.ts';
import { Tensor } from './tensor.ts';

/**
 * The values of x as `dtype`: x itself where it is that already, else a copy, rounded where it becomes f16. Its gradient is that of the
 * result, cast back.
 *
 * @throws CyclopsError for a tensor of integers
 */
export function cast(x: Tensor, dtype: FloatDType): Tensor {
  const before = x.floatDType;
  if (before === dtype) return x;
  const out = Tensor.empty(x.device, x.shape, dtype);
  (dtype === 'f16' ? narrow : widen)(x.device, { x: x.slice, out: out.slice, count: x.size });
  return record(out, [x], (gradOutput) => [cast(gradOutput, before)]);
}
