import { FINITE, requireNumber } from '../../gpu/arguments.ts';
import { record } from '../../tensor/record.ts';
import { requireAlike } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { reduction, reductionGradient } from '../reduction.ts';

/**
 * The mean of |a − b| times `weight`, as a tensor [1] of f32; the gradient is 0 where a = b.
 *
 * @throws CyclopsError when shapes, dtypes or devices differ
 */
export function l1Loss(a: Tensor, b: Tensor, weight = 1): Tensor {
  requireAlike('l1Loss', a, b);
  requireNumber('l1Loss', 'weight', weight, FINITE);
  const factor = weight / a.size;
  return record(reduction('l1', factor, a, b), [a, b], (gradOutput) => [
    a.requiresGrad ? reductionGradient({ term: 'l1', factor, a, b, gradOutput }) : null,
    b.requiresGrad ? reductionGradient({ term: 'l1', factor, a: b, b: a, gradOutput }) : null,
  ]);
}
