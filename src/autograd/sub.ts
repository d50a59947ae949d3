import { record } from '../tensor/record.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { combined, summedLike } from './broadcast.ts';
import { scaled } from './scale.ts';

/**
 * a − b, element by element, of their shape together by NumPy's rules; gradients are summed over the axes along which one was repeated.
 *
 * @throws CyclopsError when the shapes do not go together, dtypes or devices differ, or shapes that differ have more than 6 axes
 */
export function sub(a: Tensor, b: Tensor): Tensor {
  return record(combined('sub', a, b), [a, b], (gradOutput) => [
    a.requiresGrad ? summedLike(a, { term: 'sum', a: gradOutput }) : null,
    b.requiresGrad ? scaled(summedLike(b, { term: 'sum', a: gradOutput }), -1) : null,
  ]);
}
