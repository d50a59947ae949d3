import { CyclopsError } from '../gpu/errors.ts';
import { type Arithmetic, arithmetic, arithmeticBroadcast } from '../kernels/arithmetic.ts';
import { MOST_AXES, mergedAxes } from '../kernels/axes.ts';
import { type AxesTerm, reduceAxes } from '../kernels/reduce-axes.ts';
import { run } from '../kernels/tuning/choices.ts';
import { cast } from '../tensor/cast.ts';
import { requireSameType, sameShape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';

/** @throws CyclopsError naming the operation for a tensor of more axes than kernels count */
export function requireRank(operation: string, { shape }: Tensor): void {
  if (shape.length <= MOST_AXES) return;
  throw new CyclopsError(`${operation} takes tensors of at most ${MOST_AXES} axes; got [${shape.join(', ')}].`);
}

/**
 * The shape of two tensors together, by NumPy's rules: shapes are laid side by side at their last axes, and an axis of one element, or one
 * that is missing, goes with any.
 *
 * @throws CyclopsError when two extents differ and neither is 1
 */
export function broadcastShape(operation: string, a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const [ofA, ofB] = [a[axis - rank + a.length] ?? 1, b[axis - rank + b.length] ?? 1];
    if (ofA === ofB || ofB === 1) return ofA;
    if (ofA === 1) return ofB;
    throw new CyclopsError(
      `${operation} cannot bring the shapes [${a.join(', ')}] and [${b.join(', ')}] together: counted from the last axis, extents must ` +
        'be equal, or one of them 1.',
    );
  });
}

/** Which axes of a space a tensor of this shape, broadcast over it, has. */
export function heldBy(shape: readonly number[], space: readonly number[]): boolean[] {
  return space.map((extent, axis) => (shape[axis - space.length + shape.length] ?? 1) === extent);
}

/**
 * a ∘ b, element by element, of their shape together; not recorded.
 *
 * @throws CyclopsError when the shapes do not go together, the dtypes or devices differ, or shapes that differ have too many axes
 */
export function combined(kind: Arithmetic, a: Tensor, b: Tensor): Tensor {
  requireSameType(kind, a, b);
  if (!sameShape(a, b)) for (const operand of [a, b]) requireRank(kind, operand);
  const space = broadcastShape(kind, a.shape, b.shape);
  const out = Tensor.empty(a.device, space, a.dtype);
  const common = { kind, a: a.slice, b: b.slice, out: out.slice, dtype: a.floatDType };
  if (sameShape(a, b)) arithmetic(a.device, { ...common, count: a.size });
  else
    arithmeticBroadcast(a.device, {
      ...common,
      axes: mergedAxes(space, [heldBy(a.shape, space), heldBy(b.shape, space)]),
    });
  return out;
}

/** What is summed over the axes along which an operand was repeated. */
interface Summed {
  readonly term: Extract<AxesTerm, 'sum' | 'product' | 'quotient'>;
  /** Of the whole shape. */
  readonly a: Tensor;
  /** The other factor or the divisor, where there is one; it may be broadcast. */
  readonly b?: Tensor;
}

/** Σ term(a, b) over the axes along which `operand` was repeated, in its shape and dtype: how gradients of broadcast operands add up. */
export function summedLike(operand: Tensor, { term, a, b }: Summed): Tensor {
  if (operand.size === a.size) {
    const whole = b ? combined(term === 'quotient' ? 'div' : 'mul', a, b) : a;
    return sameShape(whole, operand) ? whole : whole.reshape(operand.shape);
  }
  const { device, shape: space, floatDType: dtype } = a;
  const of = [operand, a, b ?? a].map(({ shape }) => heldBy(shape, space));
  const { extents, masks } = mergedAxes(space, of);
  const [kept = 0, ofA = 0, ofB = 0] = masks;
  const out = Tensor.empty(device, operand.shape);
  const problem = { extents, kept, ofA, ofB, dtype };
  run(device, reduceAxes, problem, { term, factor: 1, a: a.slice, b: b?.slice ?? null, out: out.slice });
  return cast(out, operand.floatDType);
}
