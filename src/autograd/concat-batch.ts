import { CyclopsError } from '../gpu/errors.ts';
import { copy } from '../kernels/elementwise.ts';
import { record } from '../tensor/record.ts';
import { requireOperands, requireSameType } from '../tensor/shape.ts';
import { sliceBatch } from '../tensor/slice.ts';
import { Tensor } from '../tensor/tensor.ts';

/**
 * Batches as one, along the first axis: [Na, …], [Nb, …], … → [Na + Nb + …, …]. What treats the entries of a batch alike, such as a
 * network, then needs one pass instead of several.
 *
 * @throws CyclopsError when the shapes differ in more than the first axis, or the dtypes or devices differ
 */
export function concatBatch(first: Tensor, ...others: readonly Tensor[]): Tensor {
  requireOperands('concatBatch', first, ...others);
  const [, ...shape] = first.shape;
  for (const other of others) {
    requireSameType('concatBatch', first, other);
    if (other.shape.slice(1).join() === shape.join()) continue;
    throw new CyclopsError(
      `concatBatch joins batches of one shape; got [${first.shape.join(', ')}] and [${other.shape.join(', ')}].`,
    );
  }
  const batches = [first, ...others] as const;
  const starts = batches.map((_, i) => entriesOf(batches.slice(0, i)));
  const out = joined(batches, [entriesOf(batches), ...shape]);
  return record(out, batches, (gradOutput) =>
    batches.map((batch, i) => {
      const start = starts[i] ?? 0;
      return batch.requiresGrad ? sliceBatch(gradOutput, start, start + entriesOf([batch])) : null;
    }),
  );
}

/** The entries of each, one after another, not recorded. */
export function joined(batches: readonly [Tensor, ...Tensor[]], shape: readonly number[]): Tensor {
  const { device, floatDType: dtype } = batches[0];
  const out = Tensor.empty(device, shape, dtype);
  let outStart = 0;
  for (const batch of batches) {
    copy(device, { x: batch.slice, out: out.slice, count: batch.size, outStart, dtype });
    outStart += batch.size;
  }
  return out;
}

function entriesOf(batches: readonly Tensor[]): number {
  return batches.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0);
}
