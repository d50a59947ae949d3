import { matmul } from '../../../../src/kernels/matmul.ts';
import { axesIn, oddBatches, oddLayouts, oddMatrices } from '../../../../src/kernels/tuning/odd-problems.ts';
import { sizeOf, summedTo } from '../../../oracles/axes.ts';
import { poison, randomAs, tolerance, typicalSum } from '../../../oracles/compare.ts';
import { product, transposed } from '../../../oracles/matmul.ts';
import { suite } from './suite.ts';

export const products = suite(
  matmul,
  oddBatches.flatMap(([all, kept, batchA, batchB]) =>
    oddMatrices.flatMap(([rows, depth, columns]) =>
      oddLayouts.map(({ transposeA, transposeB, dtype }) => {
        return {
          name: '',
          problem: { ...axesIn([all, kept, batchA, batchB]), rows, depth, columns, transposeA, transposeB, dtype },
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
