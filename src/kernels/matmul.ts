/**
 * Many products of matrices, with batch axes that one operand may lack. A product of two matrices alone is a 1×1 convolution, whose kernels
 * compute it; see autograd/matmul.ts.
 *
 * The ladder, not timed:
 * - naive: the formula, one invocation a result.
 * - tiled: 32 × 32 results a workgroup of 64 lanes, whose memory holds the operands' rows and columns.
 */
import type { Device } from '../gpu/device.ts';
import { type BufferSlice, ceilDiv, immediates } from '../gpu/launch.ts';
import { axesImmediates, countOver, describeAxes } from './axes.ts';
import { flatGrid } from './flat-grid.ts';
import { DTYPE_BYTES, type FloatDType, kernel } from './source.ts';
import type { Operation, Variant } from './variant.ts';

/** out[z] = Σ_r a[z,r] · b[z,r], of matrices [rows, depth] and [depth, columns]. */
export interface MatmulProblem {
  /** The extents of the batch axes of all, outermost first. */
  readonly extents: readonly number[];
  /** Which of them the result has; over the others products are summed. */
  readonly kept: number;
  readonly ofA: number;
  readonly ofB: number;
  readonly rows: number;
  readonly depth: number;
  readonly columns: number;
  /** Whether a's matrices lie as [depth, rows]. */
  readonly transposeA: boolean;
  /** Whether b's matrices lie as [columns, depth]. */
  readonly transposeB: boolean;
  /** Of all three. */
  readonly dtype: FloatDType;
}

export interface MatmulArguments {
  readonly a: BufferSlice;
  readonly b: BufferSlice;
  readonly out: BufferSlice;
}

/** Elements of a, of b and of the result. */
function sizesOf({ extents, kept, ofA, ofB, rows, depth, columns }: MatmulProblem) {
  return {
    a: countOver(extents, ofA) * rows * depth,
    b: countOver(extents, ofB) * depth * columns,
    out: countOver(extents, kept) * rows * columns,
  };
}

function dispatch(
  device: Device,
  problem: MatmulProblem,
  { a, b, out }: MatmulArguments,
  name: 'naive' | 'tiled',
  workgroups: readonly [number, number, number],
): void {
  const { extents, kept, ofA, ofB, rows, depth, columns, transposeA, transposeB, dtype } = problem;
  const constants = { RANK: extents.length, TRANSPOSE_A: transposeA ? 1 : 0, TRANSPOSE_B: transposeB ? 1 : 0 };
  const [batches, repeats] = [countOver(extents, kept), countOver(extents, ~kept)];
  const sizes = sizesOf(problem);
  device.launch({
    kernel: kernel(`matmul/batch-${name}`, constants, { dtype }),
    bindings: [a, b, out],
    immediates: immediates(batches, repeats, rows, depth, columns, ...axesImmediates(extents), kept, ofA, ofB),
    workgroups,
    label: 'matmul',
    flops: 2 * batches * repeats * rows * depth * columns,
    bytes: DTYPE_BYTES[dtype] * (sizes.a + sizes.b + sizes.out),
  });
}

const naive: Variant<MatmulProblem, MatmulArguments> = {
  name: 'naive',
  madeFor: 'any',
  sources: ['matmul/batch-naive'],
  workgroupBytes: 0,
  supports: () => true,
  launch: (device, problem, args) => dispatch(device, problem, args, 'naive', flatGrid(device, sizesOf(problem).out)),
};

const tiled: Variant<MatmulProblem, MatmulArguments> = {
  name: 'tiled',
  madeFor: 'any',
  sources: ['matmul/batch-tiled'],
  workgroupBytes: 2 * 4 * 256,
  supports: () => true,
  launch(device, problem, args) {
    const { extents, kept, rows, columns } = problem;
    const tiles = countOver(extents, kept) * ceilDiv(rows, 32) * ceilDiv(columns, 32);
    dispatch(device, problem, args, 'tiled', flatGrid(device, tiles, 1));
  },
};

/** out[z] = Σ_r a[z,r] · b[z,r]. */
export const matmul: Operation<MatmulProblem, MatmulArguments> = {
  name: 'matmul',
  variants: [tiled, naive],
  describe({ extents, kept, ofA, ofB, rows, depth, columns, transposeA, transposeB, dtype }) {
    const batch = `${describeAxes(extents, kept)} of ${describeAxes(extents, ofA)} ${describeAxes(extents, ofB)}`;
    const turned = `${transposeA ? ' Aᵀ' : ''}${transposeB ? ' Bᵀ' : ''}`;
    return `${rows}×${depth}×${columns}${turned} ${batch} ${dtype}`;
  },
  exampleArguments(problem, buffers) {
    const { a, b, out } = sizesOf(problem);
    return {
      a: buffers.input(a, problem.dtype),
      b: buffers.input(b, problem.dtype),
      out: buffers.output(out, problem.dtype),
    };
  },
};
