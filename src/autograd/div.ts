import { record } from '../tensor/record.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { combined, summedLike } from './broadcast.ts';
import { scaled } from './scale.ts';

/**
 * a / b, element by element, of their shape together by NumPy's rules; a division by 0 gives what IEEE 754 says, on devices that follow
 * it. Gradients are summed over the axes along which one was repeated; that of b is −gradOutput · (a / b) / b.
 *
 * @throws CyclopsError when the shapes do not go together, dtypes or devices differ, or shapes that differ have more than 6 axes
 */
export function div(a: Tensor, b: Tensor): Tensor {
  const out = combined('div', a, b);
  return record(out, [a, b], (gradOutput) => [
    a.requiresGrad ? summedLike(a, { term: 'quotient', a: gradOutput, b }) : null,
    b.requiresGrad ? scaled(combined('div', summedLike(b, { term: 'product', a: gradOutput, b: out }), b), -1) : null,
  ]);
}
