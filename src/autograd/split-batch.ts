import { fill } from '../kernels/elementwise.ts';
import { sliceBatch } from '../tensor/slice.ts';
import { Tensor } from '../tensor/tensor.ts';
import { joined } from './concat-batch.ts';
import { recordAll } from './tape.ts';

/**
 * A batch [N, …] as two: its first `count` entries, and the rest.
 *
 * @throws CyclopsError unless 0 < count < N
 */
export function splitBatch(x: Tensor, count: number): [Tensor, Tensor] {
  const [n = 0] = x.shape;
  const first = sliceBatch(x, 0, count);
  const rest = sliceBatch(x, count, n);
  recordAll([first, rest], [x], ([gradFirst, gradRest]) => [
    joined(gradFirst ?? zeros(first), gradRest ?? zeros(rest), x.shape),
  ]);
  return [first, rest];
}

function zeros(like: Tensor): Tensor {
  const out = Tensor.empty(like.device, like.shape, like.dtype);
  fill(like.device, { value: 0, out: out.slice, count: out.size, dtype: out.floatDType });
  return out;
}
