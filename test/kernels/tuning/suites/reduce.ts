import { reduce } from '../../../../src/kernels/reduce.ts';
import { oddCounts } from '../../../../src/kernels/tuning/odd-problems.ts';
import { poison, random, rounded } from '../../../oracles/compare.ts';
import { bce, type Loss, l1, meanLoss, mse } from '../../../oracles/losses.ts';
import { suite } from './suite.ts';

const sum: Pick<Loss, 'term'> = { term: (a) => a };
const terms = { sum, l1, mse, bce } as const;
const names = ['sum', 'l1', 'mse', 'bce'] as const;

/** The second half begins within a vec4 and on its edge. */
const evenCounts = [2, 8, 2054, 600_002];

const cases = [
  ...oddCounts.flatMap((count) => [
    { count, constants: [0.75, 0.75] as const, kind: 'with a constant', dtype: 'f32' as const },
    { count, constants: null, kind: '', dtype: 'f32' as const },
  ]),
  ...evenCounts.map((count) => ({
    count,
    constants: [0.75, 0.25] as const,
    kind: 'with a pair of constants',
    dtype: 'f32' as const,
  })),
  { count: 2054, constants: [0.75, 0.25] as const, kind: 'with a pair of constants', dtype: 'f16' as const },
  { count: 40_003, constants: null, kind: '', dtype: 'f16' as const },
];

export const reduction = suite(
  reduce,
  names.flatMap((term) =>
    cases
      .filter(({ constants }) => term !== 'sum' || constants)
      .map(({ count, constants, kind, dtype }) => ({
        name: `${term} ${kind}`,
        problem: { count, dtype },
        stage: (upload) => {
          // Sums of all signs may end near 0, where nothing is left to compare with; so may a single cross-entropy.
          const a = rounded(
            dtype,
            random(count).map((v, i) => (term === 'sum' ? 1 + v : i === 0 ? -2 : 3 * v)),
          );
          const b = constants
            ? a.map((_, i) => (i < count / 2 ? constants[0] : constants[1]))
            : rounded(dtype, random(count)).map(Math.abs);
          const out = upload(poison(1));
          // The naive kernel adds a part for every 256 elements: their roundings are a random walk.
          const tolerance = Math.max(2e-6, 2 * 2 ** -24 * Math.sqrt(count / 256));
          return {
            args: {
              term,
              factor: 1 / count,
              a: upload(a, dtype).slice,
              b: constants ?? upload(b, dtype).slice,
              out: out.slice,
            },
            outputs: [{ tensor: out, values: [meanLoss(terms[term], a, b)], tolerance }],
          };
        },
      })),
  ),
);
