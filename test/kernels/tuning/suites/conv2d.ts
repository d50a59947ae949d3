import { convForward } from '../../../../src/kernels/conv2d/forward.ts';
import { convInputGrad } from '../../../../src/kernels/conv2d/input-grad.ts';
import { type ConvProblem, checkProblem, convSizes } from '../../../../src/kernels/conv2d/problem.ts';
import { convWeightGrad } from '../../../../src/kernels/conv2d/weight-grad.ts';
import { poison, random, randomAs, tolerance, typicalSum } from '../../../oracles/compare.ts';
import * as oracle from '../../../oracles/conv2d.ts';
import { suite } from './suite.ts';

export function problem(
  n: number,
  h: number,
  w: number,
  c: number,
  o: number,
  k: number,
  stride: number,
  padding: number,
  reflect = false,
): ConvProblem {
  const out = (extent: number) => Math.floor((extent + 2 * padding - k) / stride) + 1;
  const paddingMode = reflect ? 'reflect' : 'zeros';
  const dtype = 'f32';
  return checkProblem({ n, h, w, c, p: out(h), q: out(w), o, kh: k, kw: k, stride, padding, paddingMode, dtype });
}

const f32Problems = [
  problem(1, 9, 7, 8, 12, 3, 1, 1),
  problem(2, 5, 11, 36, 40, 3, 1, 1, true),
  problem(2, 4, 4, 4, 8, 3, 1, 3, true),
  problem(1, 3, 5, 8, 8, 5, 1, 2, true),
  problem(1, 13, 10, 3, 20, 7, 1, 3, true),
  problem(1, 12, 9, 20, 3, 7, 1, 3, true),
  problem(2, 11, 8, 8, 3, 7, 1, 3),
  problem(1, 11, 13, 12, 36, 3, 2, 1),
  problem(2, 10, 7, 4, 16, 4, 2, 1),
  problem(1, 14, 9, 3, 32, 4, 2, 1),
  problem(1, 6, 7, 44, 1, 4, 1, 1),
  problem(3, 7, 6, 1, 4, 4, 2, 1),
  problem(1, 8, 8, 5, 7, 3, 1, 1),
  problem(1, 9, 11, 6, 5, 3, 3, 2, true),
  problem(2, 6, 5, 8, 16, 1, 1, 0),
  problem(1, 2, 3, 68, 4, 4, 2, 1),
  // Across the edges of tiles of 32 to 128 rows and columns, with whole vec4s and without, several images in one tile.
  problem(3, 7, 7, 65, 63, 3, 1, 1, true),
  problem(1, 9, 15, 68, 132, 1, 1, 0),
  problem(3, 5, 9, 132, 64, 2, 2, 1),
  problem(1, 25, 28, 3, 129, 5, 3, 2),
  problem(2, 9, 9, 129, 1, 2, 1, 1),
  // Enough pixels to split the depth of a weight gradient on a GPU, in the middle of lines.
  problem(2, 13, 21, 4, 6, 3, 1, 1, true),
  // Channels enough for Winograd's transform on a CPU; odd and even sides, whole tiles of products and not, mirrors up to the far edge.
  problem(2, 5, 6, 128, 132, 3, 1, 1, true),
  problem(1, 4, 7, 132, 128, 3, 1, 0),
  problem(1, 4, 7, 132, 128, 3, 1, 0, true),
  problem(1, 3, 3, 128, 128, 3, 1, 2, true),
  problem(3, 7, 6, 64, 68, 3, 1, 1),
];

/** Fewer, since most kernels are the same text; those on matrix hardware load eights where channels allow, across taps and lines. */
const f16Problems = [
  problem(2, 5, 11, 36, 40, 3, 1, 1, true),
  problem(1, 13, 10, 3, 20, 7, 1, 3, true),
  problem(2, 11, 8, 8, 3, 7, 1, 3),
  problem(1, 11, 13, 12, 36, 3, 2, 1),
  problem(1, 6, 7, 44, 1, 4, 1, 1),
  problem(3, 7, 7, 65, 63, 3, 1, 1, true),
  problem(3, 5, 9, 132, 64, 2, 2, 1),
  problem(2, 9, 11, 40, 72, 3, 1, 1, true),
  problem(1, 6, 70, 16, 136, 4, 2, 1),
].map((k) => ({ ...k, dtype: 'f16' as const }));

const problems = [...f32Problems, ...f16Problems].map((k) => {
  const { x, weight, y } = convSizes(k);
  const data = (count: number) => randomAs(k.dtype, count);
  return { k, x: data(x), w: data(weight), dy: data(y) };
});

const leaky = (v: number) => (v > 0 ? v : 0.2 * v);
const plainOrBias = [false, true];

/** Where an f32 kernel adds so many terms one after another, their roundings are a random walk. */
const rounding = (terms: number) => Math.max(2e-6, 2 * 2 ** -24 * Math.sqrt(terms));

export const forward = suite(
  convForward,
  problems.flatMap(({ k, x, w, dy }) =>
    plainOrBias.map((withBias) => ({
      name: withBias ? 'bias leaky_relu' : 'plain',
      problem: k,
      stage: (upload) => {
        const bias = random(k.o);
        const y = upload(poison(dy.length), k.dtype);
        const slices = { x: upload(x, k.dtype).slice, weight: upload(w, k.dtype).slice, y: y.slice };
        const sums = oracle.forward(k, x, w);
        const values = withBias ? sums.map((v, i) => leaky(v + bias[i % k.o]!)) : sums;
        const terms = k.kh * k.kw * k.c;
        return {
          args: {
            ...slices,
            bias: withBias ? upload(bias).slice : null,
            activation: withBias ? ('leaky_relu' as const) : ('none' as const),
          },
          outputs: [{ tensor: y, values, tolerance: tolerance(k.dtype, rounding(terms)), typical: typicalSum(terms) }],
        };
      },
    })),
  ),
);

export const inputGrad = suite(
  convInputGrad,
  problems.flatMap(({ k, x, w, dy }) =>
    plainOrBias.map((withBias) => ({
      name: withBias ? 'bias' : 'plain',
      problem: k,
      stage: (upload) => {
        const bias = random(k.c);
        const dx = upload(poison(x.length), k.dtype);
        const slices = { dy: upload(dy, k.dtype).slice, weight: upload(w, k.dtype).slice, dx: dx.slice };
        const values = oracle.inputGrad(k, dy, w).map((v, i) => v + (withBias ? bias[i % k.c]! : 0));
        // On average over the pixels: those that are mirrored have more.
        const terms = (k.kh * k.kw * k.o * k.p * k.q) / (k.h * k.w);
        // In f16, gradients of a padded image may be rounded too, before those of up to four of its pixels are added up.
        const roundings = k.dtype === 'f16' && k.paddingMode === 'reflect' ? 2 : 1;
        return {
          args: { ...slices, bias: withBias ? upload(bias).slice : null },
          outputs: [
            {
              ...{ tensor: dx, values, tolerance: roundings * tolerance(k.dtype, rounding(terms)) },
              typical: typicalSum(terms),
            },
          ],
        };
      },
    })),
  ),
);

export const weightGrad = suite(
  convWeightGrad,
  problems.flatMap(({ k, x, w, dy }) =>
    [false, true].map((accumulate) => ({
      name: accumulate ? 'accumulated' : 'plain',
      problem: k,
      stage: (upload) => {
        const before = random(w.length);
        const dw = upload(accumulate ? before : poison(w.length));
        const values = oracle.weightGrad(k, x, dy).map((v, i) => v + (accumulate ? before[i]! : 0));
        return {
          args: { x: upload(x, k.dtype).slice, dy: upload(dy, k.dtype).slice, dw: dw.slice, accumulate },
          outputs: [{ tensor: dw, values, tolerance: 5e-6, typical: typicalSum(k.n * k.p * k.q) }],
        };
      },
    })),
  ),
);
