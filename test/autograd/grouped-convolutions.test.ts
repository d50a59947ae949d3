/** Convolutions with groups, and with strides, dilations and paddings of each axis and side. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { convTranspose2d } from '../../src/autograd/conv-transpose2d.ts';
import { type Conv2dOptions, conv2d } from '../../src/autograd/conv2d.ts';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { backward } from '../../src/autograd/tape.ts';
import type { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import type { GroupedProblem } from '../../src/kernels/conv2d/grouped.ts';
import { ConvTranspose2d } from '../../src/layers/conv-transpose2d.ts';
import { Conv2d } from '../../src/layers/conv2d.ts';
import { normalInitialiser } from '../../src/layers/init.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { sizeOf } from '../oracles/axes.ts';
import { random, randomAs, tolerance, typicalSum } from '../oracles/compare.ts';
import * as oracle from '../oracles/grouped-conv2d.ts';
import { expectClose, gradOf, leaf, openPoisoned } from './support.ts';

let device: Device;
beforeAll(async () => {
  device = await openPoisoned();
});
afterAll(() => device.close());

interface Case {
  name: string;
  /** [N, H, W, C] */
  x: [number, number, number, number];
  /** [KH, KW, C / groups, O] */
  weight: [number, number, number, number];
  options: Conv2dOptions;
  /** Rows and columns of the output. */
  out: [number, number];
}

const cases: Case[] = [
  { name: 'one of all', x: [1, 1, 1, 1], weight: [1, 1, 1, 1], options: { stride: [1, 2] }, out: [1, 1] },
  {
    name: 'strides of their own',
    x: [2, 9, 7, 3],
    weight: [3, 2, 3, 5],
    options: { stride: [2, 3], padding: [1, 0] },
    out: [5, 2],
  },
  {
    name: 'a padding of its own at each side',
    x: [1, 5, 6, 4],
    weight: [3, 3, 4, 2],
    options: {
      padding: [
        [2, 0],
        [1, 3],
      ],
    },
    out: [5, 8],
  },
  {
    name: 'dilations of their own',
    x: [2, 8, 11, 2],
    weight: [3, 2, 2, 3],
    options: { dilation: [2, 5], padding: 2 },
    out: [8, 10],
  },
  { name: 'groups', x: [2, 5, 7, 6], weight: [3, 3, 2, 9], options: { groups: 3, padding: 1 }, out: [5, 7] },
  { name: 'depthwise', x: [2, 6, 5, 7], weight: [3, 3, 1, 7], options: { groups: 7, stride: 2 }, out: [2, 2] },
  {
    name: 'depthwise with several outputs a channel',
    x: [1, 6, 5, 4],
    weight: [2, 3, 1, 8],
    options: { groups: 4, padding: 1, dilation: 2 },
    out: [6, 3],
  },
  {
    name: 'mirrors of each side',
    x: [2, 6, 5, 4],
    weight: [3, 3, 2, 4],
    options: { groups: 2, paddingMode: 'reflect', padding: [[3, 5], 2], stride: [2, 1] },
    out: [6, 7],
  },
  {
    name: 'all at once, with pixels enough for several shares',
    x: [3, 40, 37, 8],
    weight: [3, 5, 4, 6],
    options: {
      groups: 2,
      stride: [1, 2],
      dilation: [2, 1],
      padding: [
        [1, 2],
        [0, 3],
      ],
    },
    out: [39, 18],
  },
];

function problemOf({ x, weight, options, out }: Case): GroupedProblem {
  const pair = (value: unknown, missing: number): [number, number] =>
    Array.isArray(value) ? [value[0], value[1]] : [Number(value ?? missing), Number(value ?? missing)];
  const { padding = 0 } = options;
  const sides: [unknown, unknown] = typeof padding === 'number' ? [padding, padding] : [padding[0], padding[1]];
  return {
    ...{ n: x[0], h: x[1], w: x[2], c: x[3], p: out[0], q: out[1], o: weight[3], kh: weight[0], kw: weight[1] },
    ...{ stride: pair(options.stride, 1), dilation: pair(options.dilation, 1), groups: options.groups ?? 1 },
    ...{ padding: [pair(sides[0], 0), pair(sides[1], 0)], paddingMode: options.paddingMode ?? 'zeros', dtype: 'f32' },
  };
}

describe.each(['f32', 'f16'] as const)('of %s', (dtype) => {
  test.each(cases)('conv2d follows the formula, and its gradients: $name', async (one) => {
    const k = problemOf(one);
    const [x, w] = [randomAs(dtype, sizeOf(one.x)), randomAs(dtype, sizeOf(one.weight))];
    const image = Tensor.from(device, x, one.x, dtype);
    image.requiresGrad = true;
    const bias = random(k.o);
    const parameters = [leaf(device, w, one.weight), leaf(device, bias, [k.o])] as const;
    const y = conv2d(image, ...parameters, one.options);
    expect([y.shape, y.dtype]).toEqual([[k.n, ...one.out, k.o], dtype]);
    const dy = randomAs(dtype, y.size);
    backward(y, Tensor.from(device, dy, y.shape, dtype));
    const terms = (k.kh * k.kw * k.c) / k.groups;
    const expected = oracle.forward(k, x, w).map((v, i) => v + bias[i % k.o]!);
    expectClose(await y.data(), expected, tolerance(dtype, 4e-6), typicalSum(terms));
    const inputTerms = (terms * k.o * k.p * k.q) / (k.c * k.h * k.w);
    expectClose(await gradOf(image), oracle.inputGrad(k, dy, w), tolerance(dtype, 4e-6), typicalSum(inputTerms));
    const pixels = typicalSum(k.n * k.p * k.q);
    expectClose(await gradOf(parameters[0]), oracle.weightGrad(k, x, dy), 5e-6, pixels);
    const sums = Array.from({ length: k.o }, (_, o) => dy.reduce((sum, g, i) => sum + (i % k.o === o ? g : 0), 0));
    expectClose(await gradOf(parameters[1]), sums, 5e-6, pixels);
  });

  test.each(cases.filter(({ options }) => options.paddingMode !== 'reflect'))(
    'convTranspose2d is its input gradient, and its gradients are: $name',
    async (one) => {
      const k = problemOf(one);
      const { options } = one;
      const small = [k.n, ...one.out, k.o];
      const [x, w] = [randomAs(dtype, sizeOf(small)), randomAs(dtype, sizeOf(one.weight))];
      const image = Tensor.from(device, x, small, dtype);
      image.requiresGrad = true;
      const bias = random(k.c);
      const parameters = [leaf(device, w, one.weight), leaf(device, bias, [k.c])] as const;
      const smallest = (extent: number, taps: number, axis: 0 | 1) =>
        (extent - 1) * k.stride[axis] - k.padding[axis][0] - k.padding[axis][1] + k.dilation[axis] * (taps - 1) + 1;
      const outputPadding = [k.h - smallest(k.p, k.kh, 0), k.w - smallest(k.q, k.kw, 1)] as const;
      const y = convTranspose2d(image, ...parameters, { ...options, outputPadding });
      expect([y.shape, y.dtype]).toEqual([one.x, dtype]);
      const dy = randomAs(dtype, y.size);
      backward(y, Tensor.from(device, dy, y.shape, dtype));
      const expected = oracle.inputGrad(k, x, w).map((v, i) => v + bias[i % k.c]!);
      const terms = (k.kh * k.kw * k.c) / k.groups;
      const inputTerms = (terms * k.o * k.p * k.q) / (k.c * k.h * k.w);
      expectClose(await y.data(), expected, tolerance(dtype, 4e-6), typicalSum(inputTerms));
      expectClose(await gradOf(image), oracle.forward(k, dy, w), tolerance(dtype, 4e-6), typicalSum(terms));
      const pixels = typicalSum(k.n * k.p * k.q);
      expectClose(await gradOf(parameters[0]), oracle.weightGrad(k, dy, x), 5e-6, pixels);
    },
  );
});

test('gradients agree with central differences', async () => {
  const options = { stride: [2, 1], dilation: [1, 2], padding: [[0, 1], 1], groups: 2, activation: 'tanh' } as const;
  const inputs = [
    leaf(device, random(80), [1, 4, 5, 4]),
    leaf(device, random(48), [3, 2, 2, 4]),
    leaf(device, random(4), [4]),
  ];
  await gradcheck((x, w, b) => conv2d(x!, w!, b!, options), inputs);
});

test('a leaf gets the gradients of two convolutions together', async () => {
  const weight = leaf(device, [2], [1, 1, 1, 1]);
  const x = Tensor.from(device, [1, 2, 3], [1, 3, 1, 1]);
  for (let i = 0; i < 2; i++) {
    const y = conv2d(x, weight, null, { stride: [2, 1] });
    backward(y, Tensor.from(device, [1, 10], y.shape));
  }
  expect([...(await gradOf(weight))]).toEqual([62]);
});

test('layers have weights of the groups, and kernels of their own sides', async () => {
  const init = normalInitialiser(device, { seed: 1, stream: 0 });
  const options = { inChannels: 4, outChannels: 6, kernelSize: [3, 1], groups: 2, stride: [2, 1] } as const;
  const conv = new Conv2d({ ...options, padding: [1, 0] }, init);
  expect((await conv.stateDict()).get('weight')?.shape).toEqual([6, 2, 3, 1]);
  expect(conv.forward(Tensor.empty(device, [1, 5, 7, 4])).shape).toEqual([1, 3, 7, 6]);
  const transposed = new ConvTranspose2d(options, init);
  expect((await transposed.stateDict()).get('weight')?.shape).toEqual([4, 3, 3, 1]);
  expect(transposed.forward(Tensor.empty(device, [1, 3, 7, 4])).shape).toEqual([1, 7, 7, 6]);
});

test.each<[string, () => unknown, RegExp]>([
  [
    'groups that do not divide',
    () => conv2d(x(), weight(2), null, { groups: 3 }),
    /3 groups needs numbers of channels/,
  ],
  [
    'a weight of all channels',
    () => conv2d(x(), weight(4), null, { groups: 2 }),
    /in 2 groups needs a weight \[KH, KW, 2, O\]/,
  ],
  [
    'half a group',
    () => conv2d(x(), weight(4), null, { groups: 0.5 }),
    /groups of conv2d must be an integer from 1 on/,
  ],
  ['no dilation', () => conv2d(x(), weight(4), null, { dilation: [1, 0] }), /dilation of conv2d .* got \[1, 0\]/],
  ['taps too far apart', () => conv2d(x(), weight(4), null, { dilation: 9 }), /has no output/],
  [
    'a mirror as large as the image',
    () => conv2d(x(), weight(4), null, { padding: [[0, 6], 0], paddingMode: 'reflect' }),
    /Reflection padding of 0 and 6 needs an image of at least 7 pixels/,
  ],
  [
    'an output padding of a stride',
    () => transposed([0, 2]),
    /two integers from 0 on and less than the stride \[3, 2\]/,
  ],
])('%s is refused', (_, run, message) => {
  expect(run).toThrow(CyclopsError);
  expect(run).toThrow(message);
});

const x = () => Tensor.empty(device, [1, 6, 6, 4]);
const weight = (channels: number) => Tensor.empty(device, [3, 3, channels, 4]);
const transposed = (outputPadding: [number, number]) =>
  convTranspose2d(x(), weight(4), null, { stride: [3, 2], outputPadding });
