import { convForward } from '../../../../src/kernels/conv2d/forward.ts';
import { convInputGrad } from '../../../../src/kernels/conv2d/input-grad.ts';
import { type ConvProblem, convSizes } from '../../../../src/kernels/conv2d/problem.ts';
import { convWeightGrad } from '../../../../src/kernels/conv2d/weight-grad.ts';
import { convWeightGradPair } from '../../../../src/kernels/conv2d/weight-grad-pair.ts';
import { oddConvs, oddPairs } from '../../../../src/kernels/tuning/odd-problems.ts';
import { poison, random, randomAs, tolerance, typicalSum } from '../../../oracles/compare.ts';
import * as oracle from '../../../oracles/conv2d.ts';
import { suite } from './suite.ts';

const problems = oddConvs.map((k) => {
  const { x, weight, y } = convSizes(k);
  const data = (count: number) => randomAs(k.dtype, count);
  const given = { k, x: data(x), w: data(weight), dy: data(y) };
  // Reckoned by definition, which takes longer than most kernels: once for all variants.
  return {
    ...given,
    expected: {
      forward: once(() => oracle.forward(k, given.x, given.w)),
      inputGrad: once(() => oracle.inputGrad(k, given.dy, given.w)),
      weightGrad: once(() => oracle.weightGrad(k, given.x, given.dy)),
    },
  };
});

function once<T>(make: () => T): () => T {
  let made: { value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

const leaky = (v: number) => (v > 0 ? v : 0.2 * v);
const plainOrBias = [false, true];
/** Kernels that split take a software device seconds to compile, and the plain ones do nothing that others do not. */
const biasesOf = ({ split }: ConvProblem) => (split ? [true] : plainOrBias);

/** Where an f32 kernel adds so many terms one after another, their roundings are a random walk. */
const rounding = (terms: number) => Math.max(2e-6, 2 * 2 ** -24 * Math.sqrt(terms));

export const forward = suite(
  convForward,
  problems.flatMap(({ k, x, w, dy, expected }) =>
    biasesOf(k).map((withBias) => ({
      name: withBias ? 'bias leaky_relu' : 'plain',
      problem: k,
      stage: (upload) => {
        const bias = random(k.o);
        const y = upload(poison(dy.length), k.dtype);
        const slices = { x: upload(x, k.dtype).slice, weight: upload(w, k.dtype).slice, y: y.slice };
        const sums = expected.forward();
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
  problems.flatMap(({ k, x, w, dy, expected }) =>
    biasesOf(k).map((withBias) => ({
      name: withBias ? 'bias' : 'plain',
      problem: k,
      stage: (upload) => {
        const bias = random(k.c);
        const dx = upload(poison(x.length), k.dtype);
        const slices = { dy: upload(dy, k.dtype).slice, weight: upload(w, k.dtype).slice, dx: dx.slice };
        const values = expected.inputGrad().map((v, i) => v + (withBias ? bias[i % k.c]! : 0));
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
  problems.flatMap(({ k, x, w, dy, expected }) =>
    [false, true].map((accumulate) => ({
      name: accumulate ? 'accumulated' : 'plain',
      problem: k,
      stage: (upload) => {
        const before = random(w.length);
        const dw = upload(accumulate ? before : poison(w.length));
        const values = expected.weightGrad().map((v, i) => v + (accumulate ? before[i]! : 0));
        return {
          args: { x: upload(x, k.dtype).slice, dy: upload(dy, k.dtype).slice, dw: dw.slice, accumulate },
          outputs: [{ tensor: dw, values, tolerance: 5e-6, typical: typicalSum(k.n * k.p * k.q) }],
        };
      },
    })),
  ),
);

export const weightGradPair = suite(
  convWeightGradPair,
  oddPairs.flatMap(({ earlier, ...k }) => {
    const batches = [{ ...k, n: earlier }, k].map((each) => {
      const { x, y } = convSizes(each);
      const given = { k: each, x: randomAs(k.dtype, x), dy: randomAs(k.dtype, y) };
      return { ...given, expected: once(() => oracle.weightGrad(each, given.x, given.dy)) };
    });
    return [false, true].map((accumulate) => ({
      name: accumulate ? 'accumulated' : 'plain',
      problem: { ...k, earlier },
      stage: (upload) => {
        const { weight } = convSizes(k);
        const before = random(weight);
        const dw = upload(accumulate ? before : poison(weight));
        const [added, own] = batches.map(({ x, dy }) => ({
          x: upload(x, k.dtype).slice,
          dy: upload(dy, k.dtype).slice,
        }));
        const values = before.map((value, i) =>
          batches.reduce((sum, { expected }) => sum + expected()[i]!, accumulate ? value : 0),
        );
        return {
          args: { ...own!, earlier: added!, dw: dw.slice, accumulate },
          outputs: [{ tensor: dw, values, tolerance: 5e-6, typical: typicalSum((k.n + earlier) * k.p * k.q) }],
        };
      },
    }));
  }),
);
