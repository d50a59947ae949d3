import { CyclopsError } from '../gpu/errors.ts';
import { copy } from '../kernels/elementwise.ts';
import { record } from '../tensor/record.ts';
import { requireSameType } from '../tensor/shape.ts';
import { sliceBatch } from '../tensor/slice.ts';
import { Tensor } from '../tensor/tensor.ts';

/**
 * Two batches as one, along the first axis: [Na, …] and [Nb, …] → [Na + Nb, …]. What treats the entries of a batch alike, such
 * as a network, then needs one pass instead of two.
 *
 * @throws CyclopsError when the shapes differ in more than the first axis, or the dtypes or devices differ
 */
export function concatBatch(a: Tensor, b: Tensor): Tensor {
  requireSameType('concatBatch', a, b);
  const [na = 0, ...shape] = a.shape;
  const [nb = 0, ...other] = b.shape;
  if (shape.join() !== other.join()) {
    throw new CyclopsError(
      `concatBatch joins batches of one shape; got [${a.shape.join(', ')}] and [${b.shape.join(', ')}].`,
    );
  }
  const out = joined(a, b, [na + nb, ...shape]);
  return record(out, [a, b], (gradOutput) => [
    a.requiresGrad ? sliceBatch(gradOutput, 0, na) : null,
    b.requiresGrad ? sliceBatch(gradOutput, na, na + nb) : null,
  ]);
}

/** The entries of `a` and then of `b`, not recorded. */
export function joined(a: Tensor, b: Tensor, shape: readonly number[]): Tensor {
  const out = Tensor.empty(a.device, shape, a.dtype);
  const { device, floatDType: dtype } = a;
  copy(device, { x: a.slice, out: out.slice, count: a.size, dtype });
  copy(device, { x: b.slice, out: out.slice, count: b.size, outStart: a.size, dtype });
  return out;
}
