import { mergedAxes } from '../../../../src/kernels/axes.ts';
import { type AxesTerm, reduceAxes } from '../../../../src/kernels/reduce-axes.ts';
import { broadcast, gathered, sizeOf } from '../../../oracles/axes.ts';
import { poison, randomAs } from '../../../oracles/compare.ts';
import { suite } from './suite.ts';

const largest = (values: number[]) => values.reduce((a, b) => Math.max(a, b), -Infinity);
const total = (values: number[]) => values.reduce((a, b) => a + b, 0);

/** Of each pair of terms, and of all. */
const terms: Record<AxesTerm, { of: (a: number, b: number) => number; join: (values: number[]) => number }> = {
  sum: { of: (a) => a, join: total },
  product: { of: (a, b) => a * b, join: total },
  quotient: { of: (a, b) => a / b, join: total },
  max: { of: (a) => a, join: largest },
  power: { of: (a, b) => Math.exp(a - b), join: total },
  equal: { of: (a, b) => (a === b ? 1 : 0), join: total },
};

/** The space, and the shapes of the result, of a and of b in it. */
const shapes: [space: number[], kept: number[], a: number[], b: number[]][] = [
  [[1], [1], [1], [1]],
  [
    [67, 3],
    [1, 3],
    [67, 3],
    [1, 3],
  ],
  [
    [3, 67],
    [3, 1],
    [3, 67],
    [3, 1],
  ],
  [
    [65, 2, 33],
    [1, 2, 1],
    [65, 2, 33],
    [65, 1, 33],
  ],
  [
    [9001, 5],
    [1, 5],
    [9001, 5],
    [9001, 1],
  ],
  [
    [2, 3, 4, 3, 2, 5],
    [2, 1, 4, 1, 2, 1],
    [2, 3, 4, 3, 2, 5],
    [1, 3, 1, 3, 1, 5],
  ],
  [
    [70, 70, 1],
    [70, 1, 1],
    [70, 70, 1],
    [1, 70, 1],
  ],
];

const kinds = ['sum', 'product', 'quotient', 'max', 'equal', 'power'] as const;

export const axes = suite(
  reduceAxes,
  shapes.flatMap(([space, kept, shapeA, shapeB]) =>
    kinds.flatMap((term) =>
      (['f32', 'f16'] as const).map((dtype) => {
        const held = [kept, shapeA, shapeB].map((shape) => shape.map((extent, axis) => extent === space[axis]));
        const { extents, masks } = mergedAxes(space, held);
        const [keptMask = 0, ofA = 0, ofB = 0] = masks;
        return {
          name: term,
          problem: { extents, kept: keptMask, ofA, ofB, dtype },
          stage: (upload) => {
            // Positive, so that no sum ends near 0; zeros and ones, so that many are equal.
            const valuesOf = (count: number) =>
              randomAs(dtype, count).map((v) =>
                term === 'equal' ? Math.round(Math.abs(v)) : Math.max(Math.abs(v), 0.25),
              );
            const [a, b] = [valuesOf(sizeOf(shapeA)), valuesOf(sizeOf(shapeB))];
            const values = broadcast(space, { shape: shapeA, values: a }, { shape: shapeB, values: b }, terms[term].of);
            const out = upload(poison(sizeOf(kept)));
            const usesB = term !== 'sum' && term !== 'max';
            return {
              args: {
                term,
                factor: 0.5,
                a: upload(a, dtype).slice,
                b: usesB ? upload(b, dtype).slice : null,
                out: out.slice,
              },
              outputs: [
                {
                  tensor: out,
                  values: gathered(kept, { shape: space, values }).map((group) => 0.5 * terms[term].join(group)),
                  tolerance: 2e-6,
                },
              ],
            };
          },
        };
      }),
    ),
  ),
);
