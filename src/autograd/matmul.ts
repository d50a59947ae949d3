import { CyclopsError } from '../gpu/errors.ts';
import { mergedAxes } from '../kernels/axes.ts';
import { convForward } from '../kernels/conv2d/forward.ts';
import { convInputGrad } from '../kernels/conv2d/input-grad.ts';
import { productProblem } from '../kernels/conv2d/problem.ts';
import { convWeightGrad } from '../kernels/conv2d/weight-grad.ts';
import { matmul as batchMatmul } from '../kernels/matmul.ts';
import { run } from '../kernels/tuning/choices.ts';
import { cast } from '../tensor/cast.ts';
import { record } from '../tensor/record.ts';
import { requireSameType } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { broadcastShape, heldBy, requireRank } from './broadcast.ts';

/**
 * The product of matrices a [M, K] and b [K, N], or of many at once: axes before the last two are batches, and go together by NumPy's
 * rules. Gradients are summed over the batches along which one was repeated.
 *
 * @returns [M, N], or […, M, N] with the batch axes of both together, in their dtype
 * @throws CyclopsError for tensors of less than 2 or more than 6 axes, when shapes do not fit, and when dtypes or devices differ
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  requireSameType('matmul', a, b);
  for (const operand of [a, b]) requireRank('matmul', operand);
  if (a.shape.length < 2 || b.shape.length < 2 || a.shape.at(-1) !== b.shape.at(-2)) {
    throw new CyclopsError(
      `matmul takes matrices […, M, K] and […, K, N]; got [${a.shape.join(', ')}] and [${b.shape.join(', ')}]. ` +
        'Give a vector an axis of one element by reshape.',
    );
  }
  return b.shape.length === 2 ? rowsTimes(a, b) : batches(a, b);
}

/** All rows of a times one matrix: a 1×1 convolution. */
function rowsTimes(a: Tensor, b: Tensor): Tensor {
  const { device, floatDType: dtype } = a;
  const [depth = 1, columns = 1] = b.shape;
  const problem = productProblem({ rows: a.size / depth, depth, columns, dtype });
  const out = Tensor.empty(device, [...a.shape.slice(0, -1), columns], dtype);
  const slices = { x: a.slice, weight: b.slice, bias: null, y: out.slice };
  run(device, convForward, problem, { ...slices, activation: 'none' });
  return record(out, [a, b], (gradOutput) => {
    const dy = gradOutput.slice;
    const da = a.requiresGrad ? Tensor.empty(device, a.shape, dtype) : null;
    if (da) run(device, convInputGrad, problem, { dy, weight: b.slice, bias: null, dx: da.slice });
    const db = b.requiresGrad ? Tensor.empty(device, b.shape) : null;
    if (db) run(device, convWeightGrad, problem, { x: a.slice, dy, dw: db.slice, accumulate: false });
    return [da, db && cast(db, dtype)];
  });
}

/** A tensor of matrices as they lie, or turned over. */
interface Matrices {
  readonly of: Tensor;
  readonly transposed: boolean;
}

function batches(a: Tensor, b: Tensor): Tensor {
  const batch = broadcastShape('matmul', a.shape.slice(0, -2), b.shape.slice(0, -2));
  const [rows = 1] = a.shape.slice(-2);
  const columns = b.shape.at(-1) ?? 1;
  const out = Tensor.empty(a.device, [...batch, rows, columns], a.dtype);
  const upright = (of: Tensor): Matrices => ({ of, transposed: false });
  const turned = (of: Tensor): Matrices => ({ of, transposed: true });
  multiply(upright(a), upright(b), out, batch);
  return record(out, [a, b], (gradOutput) => {
    const da = a.requiresGrad ? Tensor.empty(a.device, a.shape, a.dtype) : null;
    if (da) multiply(upright(gradOutput), turned(b), da, batch);
    const db = b.requiresGrad ? Tensor.empty(b.device, b.shape, b.dtype) : null;
    if (db) multiply(turned(a), upright(gradOutput), db, batch);
    return [da, db];
  });
}

/** out = left · right, summed over the batches that `out` does not have. */
function multiply(left: Matrices, right: Matrices, out: Tensor, batch: readonly number[]): void {
  const held = [out, left.of, right.of].map(({ shape }) => heldBy(shape.slice(0, -2), batch));
  const { extents, masks } = mergedAxes(batch, held);
  const [kept = 0, ofA = 0, ofB = 0] = masks;
  const [rows = 1, columns = 1] = out.shape.slice(-2);
  const depth = left.of.shape.at(left.transposed ? -2 : -1) ?? 1;
  const problem = {
    ...{ extents, kept, ofA, ofB, rows, depth, columns, dtype: out.floatDType },
    ...{ transposeA: left.transposed, transposeB: right.transposed },
  };
  run(out.device, batchMatmul, problem, { a: left.of.slice, b: right.of.slice, out: out.slice });
}
