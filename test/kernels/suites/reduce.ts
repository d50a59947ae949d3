import { reduce } from '../../../src/kernels/reduce.ts';
import { poison, random } from '../../oracles/compare.ts';
import { bce, type Loss, l1, meanLoss, mse } from '../../oracles/losses.ts';
import { suite } from './suite.ts';

const sum: Pick<Loss, 'term'> = { term: (a) => a };
const terms = { sum, l1, mse, bce } as const;
const names = ['sum', 'l1', 'mse', 'bce'] as const;

/** The tail of a vec4, one workgroup, several, and more elements than all workgroups of a launch visit in one stride. */
const counts = [1, 3, 4, 257, 2051, 600_001];

export const reduction = suite(
  reduce,
  counts.flatMap((count) =>
    names.flatMap((term) =>
      (term === 'sum' ? [true] : [true, false]).map((constant) => ({
        name: constant ? `${term} with a constant` : term,
        problem: { count },
        stage: (upload) => {
          // Sums of all signs may end near 0, where nothing is left to compare with.
          const a = random(count).map((v) => (term === 'sum' ? 1 + v : 3 * v));
          const b = constant ? 0.75 : random(count);
          const out = upload(poison(1));
          return {
            args: {
              term,
              factor: 1 / count,
              a: upload(a).slice,
              b: typeof b === 'number' ? b : upload(b).slice,
              out: out.slice,
            },
            outputs: [{ tensor: out, values: [meanLoss(terms[term], a, b)], tolerance: 2e-6 }],
          };
        },
      })),
    ),
  ),
);
