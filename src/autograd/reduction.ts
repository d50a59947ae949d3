import { FINITE, type Range, requireNumber, shown } from '../gpu/arguments.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { type Against, reduce, reduceBackward, type Term, type TermGradient } from '../kernels/reduce.ts';
import { run } from '../kernels/tuning/choices.ts';
import { requireAlike, requireOperands } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';

/** What a loss compares a batch with: a tensor of its shape, one constant, or one for its first half and one for the rest. */
export type LossTarget = Tensor | number | readonly [first: number, second: number];

/**
 * @param range of constants
 * @throws CyclopsError when the target is none of the three, a constant is out of range, the target has another shape or dtype than `a`, or is a pair and the batch has no two
 * halves
 */
export function requireTarget(operation: string, a: Tensor, target: LossTarget, range: Range = FINITE): void {
  if (target instanceof Tensor) {
    requireAlike(operation, a, target);
    return;
  }
  requireOperands(operation, a);
  const isPair = Array.isArray(target) && target.length === 2;
  if (!isPair && typeof target !== 'number') {
    throw new CyclopsError(`${operation} compares with a tensor, a number or a pair of numbers; got ${shown(target)}.`);
  }
  for (const constant of isPair ? target : [target]) requireNumber(operation, 'target', constant, range);
  if (!isPair) return;
  if ((a.shape[0] ?? 0) % 2 !== 0) {
    throw new CyclopsError(
      `${operation} against [${target.join(', ')}], one constant for each half of the batch, needs an even batch size; ` +
        `got the shape [${a.shape.join(', ')}].`,
    );
  }
}

/** factor · Σ term(a, b) as a tensor [1] of f32, not recorded. */
export function reduction(term: Term, factor: number, a: Tensor, b: LossTarget): Tensor {
  const out = Tensor.empty(a.device, [1]);
  const problem = { count: a.size, dtype: a.floatDType };
  run(a.device, reduce, problem, { term, factor, a: a.slice, b: operand(b), out: out.slice });
  return out;
}

interface ReductionGradient {
  term: TermGradient;
  factor: number;
  a: Tensor;
  b: LossTarget;
  /** A scalar, which stays on the device. */
  gradOutput: Tensor;
}

/** The gradient of a {@link reduction} with respect to `a`, of its shape and dtype, times `gradOutput`. */
export function reductionGradient({ term, factor, a, b, gradOutput }: ReductionGradient): Tensor {
  const gradient = Tensor.empty(a.device, a.shape, a.dtype);
  reduceBackward(a.device, {
    ...{ term, factor, a: a.slice, b: operand(b), gradOutput: gradOutput.slice, gradient: gradient.slice },
    ...{ count: a.size, dtype: a.floatDType },
  });
  return gradient;
}

function operand(b: LossTarget): Against {
  if (b instanceof Tensor) return b.slice;
  return typeof b === 'number' ? [b, b] : b;
}
