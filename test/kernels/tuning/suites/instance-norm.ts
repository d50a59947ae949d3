import type { Activation } from '../../../../src/kernels/activation.ts';
import { instanceNormBackward } from '../../../../src/kernels/instance-norm/backward.ts';
import { instanceNormForward } from '../../../../src/kernels/instance-norm/forward.ts';
import type { FloatDType } from '../../../../src/kernels/source.ts';
import { oddNormShapes } from '../../../../src/kernels/tuning/odd-problems.ts';
import type { Tensor } from '../../../../src/tensor/tensor.ts';
import { poison, random, randomAs, rounded, tolerance } from '../../../oracles/compare.ts';
import * as oracle from '../../../oracles/instance-norm.ts';
import { suite } from './suite.ts';

const EPS = 1e-5;
/** So near to 0, rounding decides on which side of a ReLU's kink a value lies; no gradient comes from there. */
const AT_KINK = 1e-4;

const kinds: { activation: Activation; affine: boolean; residual: boolean }[] = [
  { activation: 'none', affine: false, residual: false },
  { activation: 'relu', affine: false, residual: false },
  { activation: 'leaky_relu', affine: true, residual: false },
  { activation: 'tanh', affine: true, residual: false },
  { activation: 'none', affine: true, residual: true },
];

interface Sample {
  shape: readonly [number, number, number];
  kind: (typeof kinds)[number];
  dtype: FloatDType;
}

const everything = oddNormShapes.flatMap((shape) => kinds.map((kind): Sample => ({ shape, kind, dtype: 'f32' })));
/** Many shares, the last a short one, and many pixels a row of a workgroup. */
const large = kinds.slice(-3).map((kind): Sample => ({ shape: [1, 200 * 200, 8], kind, dtype: 'f32' }));
/** A plane of several shares, one that registers hold, and odd channels. */
const halves = (
  [
    [2, 4100, 12],
    [3, 513, 8],
    [2, 15, 5],
  ] as const
).flatMap((shape) => [kinds[2]!, kinds[4]!].map((kind): Sample => ({ shape, kind, dtype: 'f16' })));

const problems = [...everything, ...large, ...halves].map(
  ({ shape, kind: { activation, affine, residual }, dtype }) => {
    const [n, pixels, channels] = shape;
    const size = n * pixels * channels;
    // The last pixel differs by 2 and more: three or four at random may lie so close together that their deviation is rounding. Not the
    // first, about which the naive kernel takes its sums.
    const apart = (i: number) => (Math.floor(i / channels) % pixels === pixels - 1 ? 8 : 0);
    const x = rounded(
      dtype,
      random(size).map((v, i) => v * 3 + ((i % channels) % 40) + apart(i)),
    );
    const gamma = affine ? random(channels) : new Float32Array(channels).fill(1);
    const beta = affine ? random(channels) : new Float32Array(channels);
    const before = oracle.instanceNorm(shape, x, gamma, beta, x, oracle.activations.none, EPS).y;
    const dy = randomAs(dtype, size).map((v, i) => (Math.abs(before[i] ?? 0) < AT_KINK ? 0 : v));
    const expected = oracle.instanceNorm(shape, x, gamma, beta, dy, oracle.activations[activation], EPS);
    // Of few pixels nearly nothing may be left of a gradient beside its mean and its part along x, or of a sum.
    const steepest = expected.stats.reduce((most, inverse, i) => {
      const isInverse = Math.floor(i / channels) % 2 === 1;
      return isInverse ? Math.max(most, Math.abs(inverse * gamma[i % channels]!)) : most;
    }, 0);
    const typical = { dx: steepest / Math.sqrt(3), sum: Math.sqrt(pixels / 3) };
    const options = (upload: (values: ArrayLike<number>) => Tensor) => ({
      eps: EPS,
      activation,
      affine: affine ? { gamma: upload(gamma).slice, beta: upload(beta).slice } : null,
    });
    const name = [activation, affine && 'affine', residual && 'residual'].filter(Boolean).join(' ');
    return {
      name,
      problem: { n, pixels, channels, dtype },
      size,
      x,
      dy,
      skip: residual ? randomAs(dtype, size) : null,
      expected,
      typical,
      options,
    };
  },
);

export const forward = suite(
  instanceNormForward,
  problems.map(({ name, problem, size, x, skip, expected, options }) => ({
    name,
    problem,
    stage: (upload) => {
      const { dtype } = problem;
      const [y, stats] = [upload(poison(size), dtype), upload(poison(expected.stats.length))];
      const residual = skip ? upload(skip, dtype).slice : null;
      const slices = { x: upload(x, dtype).slice, residual, stats: stats.slice, y: y.slice };
      return {
        args: { ...options(upload), ...slices },
        outputs: [
          { tensor: y, values: expected.y.map((v, i) => v + (skip?.[i] ?? 0)), tolerance: tolerance(dtype, 5e-6) },
          { tensor: stats, values: expected.stats, tolerance: 5e-6 },
        ],
      };
    },
  })),
);

export const backward = suite(
  instanceNormBackward,
  problems
    .filter(({ skip }) => !skip)
    .map(({ name, problem, size, x, dy, expected, typical, options }) => ({
      name,
      problem,
      stage: (upload) => {
        const { dtype } = problem;
        const [dx, sums] = [upload(poison(size), dtype), upload(poison(expected.sums.length))];
        const stats = upload(expected.stats).slice;
        const slices = { x: upload(x, dtype).slice, stats, dy: upload(dy, dtype).slice };
        return {
          args: { ...options(upload), ...slices, sums: sums.slice, dx: dx.slice },
          outputs: [
            { tensor: dx, values: expected.dx, tolerance: tolerance(dtype, 2e-5), typical: typical.dx },
            { tensor: sums, values: expected.sums, tolerance: 2e-5, typical: typical.sum },
          ],
        };
      },
    })),
);
