import { run } from '../kernels/choices.ts';
import { reduce, reduceBackward, type Term, type TermGradient } from '../kernels/reduce.ts';
import { Tensor } from '../tensor/tensor.ts';

/** factor · Σ term(a, b) as a tensor [1], not recorded. */
export function reduction(term: Term, factor: number, a: Tensor, b: Tensor | number): Tensor {
  const out = Tensor.empty(a.device, [1]);
  run(a.device, reduce, { count: a.size }, { term, factor, a: a.slice, b: operand(b), out: out.slice });
  return out;
}

/** The gradient of a {@link reduction} with respect to `a`, times the scalar `gradOutput`, which stays on the device. */
export function reductionGradient(
  term: TermGradient,
  factor: number,
  a: Tensor,
  b: Tensor | number,
  gradOutput: Tensor,
): Tensor {
  const gradient = Tensor.empty(a.device, a.shape);
  reduceBackward(a.device, term, factor, a.slice, operand(b), gradOutput.slice, gradient.slice, a.size);
  return gradient;
}

function operand(b: Tensor | number) {
  return typeof b === 'number' ? b : b.slice;
}
