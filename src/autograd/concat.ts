import { requireList } from '../gpu/arguments.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { copyRuns } from '../kernels/elementwise.ts';
import { record } from '../tensor/record.ts';
import { requireOperands, requireSameType } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { aroundAxis, axisOf } from './axis.ts';
import { slice } from './slice.ts';

/**
 * Tensors as one, one after another along an axis.
 *
 * @param axis from 0, or counted from the last by −1, −2, …; the first unless told otherwise
 * @throws CyclopsError without tensors, when there is no such axis, when the shapes differ in another axis, and when dtypes or devices differ
 */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  requireList('concat', 'tensors', tensors);
  const [first] = tensors;
  if (!first) throw new CyclopsError('concat joins at least one tensor; got none.');
  requireOperands('concat', ...tensors);
  const at = axisOf('concat', first, axis);
  for (const tensor of tensors) {
    requireSameType('concat', first, tensor);
    const fits =
      tensor.shape.length === first.shape.length &&
      tensor.shape.every((extent, i) => i === at || extent === first.shape[i]);
    if (fits) continue;
    throw new CyclopsError(
      `concat along axis ${at} joins tensors that differ in that axis alone; got [${first.shape.join(', ')}] and ` +
        `[${tensor.shape.join(', ')}].`,
    );
  }
  const extents = tensors.map(({ shape }) => shape[at] ?? 1);
  const starts = extents.map((_, i) => extents.slice(0, i).reduce((sum, extent) => sum + extent, 0));
  const out = joinedAlong(tensors, at);
  return record(out, tensors, (gradOutput) =>
    tensors.map(({ requiresGrad }, i) => {
      const start = starts[i] ?? 0;
      return requiresGrad ? slice(gradOutput, at, start, start + (extents[i] ?? 1)) : null;
    }),
  );
}

/** The tensors one after another along an axis, which must exist and be the only one in which they differ; not recorded. */
export function joinedAlong(tensors: readonly Tensor[], axis: number): Tensor {
  const [first] = tensors;
  if (!first) throw new Error('joinedAlong needs a tensor.');
  const { device, floatDType: dtype } = first;
  const extent = tensors.reduce((sum, { shape }) => sum + (shape[axis] ?? 1), 0);
  const out = Tensor.empty(device, first.shape.with(axis, extent), dtype);
  let outStart = 0;
  for (const { shape, slice: x, size: count } of tensors) {
    const { size, inner } = aroundAxis(shape, axis);
    const run = size * inner;
    const to = { start: outStart, length: extent * inner };
    copyRuns(device, { x, out: out.slice, count, run, from: { start: 0, length: run }, to, dtype });
    outStart += run;
  }
  return out;
}
