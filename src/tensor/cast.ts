import { shown } from '../gpu/arguments.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { narrow, widen } from '../kernels/cast.ts';
import type { FloatDType } from '../kernels/source.ts';
import { record } from './record.ts';
import { requireOperands } from './shape.ts';
import { Tensor } from './tensor.ts';

/**
 * The values of x as `dtype`: x itself where it is that already, else a copy, rounded where it becomes f16. Its gradient is that of the
 * result, cast back.
 *
 * @throws CyclopsError for a tensor of integers, and for a dtype that is not f32 or f16
 */
export function cast(x: Tensor, dtype: FloatDType): Tensor {
  requireOperands('cast', x);
  if (dtype !== 'f32' && dtype !== 'f16') {
    throw new CyclopsError(`cast makes tensors of f32 or f16; got ${shown(dtype)}.`);
  }
  const before = x.floatDType;
  if (before === dtype) return x;
  const out = Tensor.empty(x.device, x.shape, dtype);
  (dtype === 'f16' ? narrow : widen)(x.device, { x: x.slice, out: out.slice, count: x.size });
  return record(out, [x], (gradOutput) => [cast(gradOutput, before)]);
}
