import { record } from '../tensor/record.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { combined, summedLike } from './broadcast.ts';

/**
 * a · b, element by element, of their shape together by NumPy's rules; gradients are summed over the axes along which one was repeated.
 *
 * @throws CyclopsError when the shapes do not go together, dtypes or devices differ, or shapes that differ have more than 6 axes
 */
export function mul(a: Tensor, b: Tensor): Tensor {
  return record(combined('mul', a, b), [a, b], (gradOutput) => [
    a.requiresGrad ? summedLike(a, { term: 'product', a: gradOutput, b }) : null,
    b.requiresGrad ? summedLike(b, { term: 'product', a: gradOutput, b: a }) : null,
  ]);
}
