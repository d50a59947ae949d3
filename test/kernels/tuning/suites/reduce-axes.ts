import { type AxesTerm, reduceAxes } from '../../../../src/kernels/reduce-axes.ts';
import { axesIn, oddSpaces } from '../../../../src/kernels/tuning/odd-problems.ts';
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

const kinds = ['sum', 'product', 'quotient', 'max', 'equal', 'power'] as const;

export const axes = suite(
  reduceAxes,
  oddSpaces.flatMap(([space, kept, shapeA, shapeB]) =>
    kinds.flatMap((term) =>
      (['f32', 'f16'] as const).map((dtype) => {
        return {
          name: term,
          problem: { ...axesIn([space, kept, shapeA, shapeB]), dtype },
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
