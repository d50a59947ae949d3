import { mergedAxes } from '../../../../src/kernels/axes.ts';
import { matmul } from '../../../../src/kernels/matmul.ts';
import { sizeOf, summedTo } from '../../../oracles/axes.ts';
import { poison, randomAs, tolerance, typicalSum } from '../../../oracles/compare.ts';
import { product, transposed } from '../../../oracles/matmul.ts';
import { suite } from './suite.ts';

/** All batch axes, and those of the result, of a and of b. */
const batches: [all: number[], kept: number[], a: number[], b: number[]][] = [
  [[1], [1], [1], [1]],
  [[3], [3], [3], [1]],
  [
    [2, 3, 2],
    [2, 1, 2],
    [2, 3, 1],
    [1, 3, 2],
  ],
];

const matrices: [rows: number, depth: number, columns: number][] = [
  [1, 1, 1],
  [33, 7, 5],
  [5, 65, 34],
  [32, 8, 64],
];

export const products = suite(
  matmul,
  batches.flatMap(([all, kept, batchA, batchB]) =>
    matrices.flatMap(([rows, depth, columns]) =>
      [0, 1, 2, 3].map((turns) => {
        const [transposeA, transposeB] = [turns % 2 === 1, turns > 1];
        const dtype = turns === 3 ? 'f16' : 'f32';
        const held = [kept, batchA, batchB].map((shape) => shape.map((extent, axis) => extent === all[axis]));
        const { extents, masks } = mergedAxes(all, held);
        const [keptMask = 0, ofA = 0, ofB = 0] = masks;
        return {
          name: '',
          problem: {
            ...{ extents, kept: keptMask, ofA, ofB, rows, depth, columns, transposeA, transposeB },
            dtype: dtype as 'f32' | 'f16',
          },
          stage: (upload) => {
            const shapeA = [...batchA, ...(transposeA ? [depth, rows] : [rows, depth])];
            const shapeB = [...batchB, ...(transposeB ? [columns, depth] : [depth, columns])];
            const [a, b] = [randomAs(dtype, sizeOf(shapeA)), randomAs(dtype, sizeOf(shapeB))];
            const [lyingA, lyingB] = [
              { shape: shapeA, values: a },
              { shape: shapeB, values: b },
            ];
            const whole = product(
              all,
              transposeA ? transposed(lyingA) : lyingA,
              transposeB ? transposed(lyingB) : lyingB,
            );
            const values = summedTo([...kept, rows, columns], [...all, rows, columns], whole);
            const out = upload(poison(values.length), dtype);
            const typical = typicalSum(depth * (sizeOf(all) / sizeOf(kept)));
            return {
              args: { a: upload(a, dtype).slice, b: upload(b, dtype).slice, out: out.slice },
              outputs: [{ tensor: out, values, tolerance: tolerance(dtype, 4e-6), typical }],
            };
          },
        };
      }),
    ),
  ),
);
