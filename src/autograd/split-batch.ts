import { filled } from '../tensor/filled.ts';
import { noGrad, recordAll } from '../tensor/record.ts';
import { requireOperands } from '../tensor/shape.ts';
import { sliceBatch } from '../tensor/slice.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { joined } from './concat-batch.ts';

/**
 * A batch [N, …] as two: its first `count` entries, and the rest.
 *
 * @throws CyclopsError unless 0 < count < N
 */
export function splitBatch(x: Tensor, count: number): [Tensor, Tensor] {
  requireOperands('splitBatch', x);
  const [n = 0] = x.shape;
  // Recorded as one operation: the gradient of x is then put together in one go.
  const [first, rest] = noGrad(() => [sliceBatch(x, 0, count), sliceBatch(x, count, n)] as const);
  recordAll([first, rest], [x], ([gradFirst, gradRest]) => [
    joined([gradFirst ?? zeros(first), gradRest ?? zeros(rest)], x.shape),
  ]);
  return [first, rest];
}

function zeros(like: Tensor): Tensor {
  return filled(like.device, like.shape, 0, like.floatDType);
}
