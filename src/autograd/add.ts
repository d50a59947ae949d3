import { record } from '../tensor/record.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { combined, summedLike } from './broadcast.ts';

/**
 * a + b, element by element, of their shape together by NumPy's rules; the gradient passes to both, summed over the axes along which one
 * was repeated.
 *
 * @throws CyclopsError when the shapes do not go together, dtypes or devices differ, or shapes that differ have more than 6 axes
 */
export function add(a: Tensor, b: Tensor): Tensor {
  return record(combined('add', a, b), [a, b], (gradOutput) =>
    [a, b].map((operand) => (operand.requiresGrad ? summedLike(operand, { term: 'sum', a: gradOutput }) : null)),
  );
}
