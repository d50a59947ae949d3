import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { conv2d } from '../../src/autograd/conv2d.ts';
import { mseLoss } from '../../src/autograd/losses/mse-loss.ts';
import { backward } from '../../src/autograd/tape.ts';
import type { Device } from '../../src/gpu/device.ts';
import { exportChoices, forceVariants, importChoices } from '../../src/kernels/tuning/choices.ts';
import { record } from '../../src/tensor/record.ts';
import { scope } from '../../src/tensor/scope.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { random } from '../oracles/compare.ts';
import { expectClose, leaf, openPoisoned } from './support.ts';

let device: Device;
beforeAll(async () => {
  device = await openPoisoned();
});
afterAll(() => device.close());
beforeEach(() => forceVariants(device, ['conv2d.weightGradPair=winograd4x4_joined']));

const CHANNELS = 128;
const WEIGHT = [3, 3, CHANNELS, CHANNELS];

type Extents = readonly [number, number, number];

interface Use {
  images: Tensor;
  /** Whether what is made of its output has a gradient. */
  counts: boolean;
}

const imagesOf = ([n, h, w]: Extents): Tensor => Tensor.from(device, random(n * h * w * CHANNELS), [n, h, w, CHANNELS]);
const newWeight = (values: Float32Array): Tensor => leaf(device, values, WEIGHT);

/** An operation of a program's own that passes no gradient on. */
function without(x: Tensor): Tensor {
  const out = Tensor.empty(device, [1]);
  device.write(out.slice, new Float32Array([0]));
  return record(out, [x], () => [null]);
}

function lossOf({ images, counts }: Use, weight: Tensor): Tensor {
  const y = conv2d(images, weight, null, { padding: 1 });
  return counts ? mseLoss(y, 0) : without(y);
}

/** The gradient of all uses at once, and how many launches of either operation it took. */
async function together(uses: readonly Use[], values: Float32Array, times = 1) {
  const weight = newWeight(values);
  const step = () => scope(() => backward(uses.map((use) => lossOf(use, weight))));
  for (let n = 0; n < times; n++) step();
  const gradient = await weight.grad?.data();
  const { launches } = device.trace(step);
  const count = (label: string) =>
    launches.filter((launch) => launch.label === label && launch.kernel.name === 'winograd/weight-grad').length;
  return { gradient: gradient ?? new Float32Array(), pairs: count('conv2d.weightGradPair') };
}

/** The sum of their gradients, one backward pass for each. */
async function apart(uses: readonly Use[], values: Float32Array, times = 1): Promise<Float32Array> {
  const weight = newWeight(values);
  for (let n = 0; n < times; n++) {
    for (const use of uses.filter(({ counts }) => counts)) scope(() => backward(lossOf(use, weight)));
  }
  return (await weight.grad?.data()) ?? new Float32Array();
}

const SIDE = 5;

test.each<[string, { sizes: Extents[]; idle?: number; times?: number; pairs: number }]>([
  [
    'two batches',
    {
      sizes: [
        [1, SIDE, SIDE],
        [2, SIDE, SIDE],
      ],
      pairs: 1,
    },
  ],
  [
    'three, of which one is left',
    {
      sizes: [
        [2, SIDE, SIDE],
        [1, SIDE, SIDE],
        [3, SIDE, SIDE],
      ],
      pairs: 1,
    },
  ],
  [
    'four',
    {
      sizes: [
        [1, SIDE, SIDE],
        [1, SIDE, SIDE],
        [1, SIDE, SIDE],
        [1, SIDE, SIDE],
      ],
      pairs: 2,
    },
  ],
  [
    'images of other sizes',
    {
      sizes: [
        [1, SIDE, SIDE],
        [1, SIDE, 7],
      ],
      pairs: 0,
    },
  ],
  [
    'more tiles than it gains by',
    {
      sizes: [
        [8, 16, 16],
        [8, 16, 16],
      ],
      pairs: 0,
    },
  ],
  [
    'one that has no gradient, first on the way back',
    {
      sizes: [
        [1, SIDE, SIDE],
        [2, SIDE, SIDE],
      ],
      idle: 1,
      pairs: 0,
    },
  ],
  [
    'one that has no gradient, last on the way back',
    {
      sizes: [
        [1, SIDE, SIDE],
        [2, SIDE, SIDE],
      ],
      idle: 0,
      pairs: 0,
    },
  ],
  [
    'on top of what is there',
    {
      sizes: [
        [1, SIDE, SIDE],
        [2, SIDE, SIDE],
      ],
      times: 3,
      pairs: 1,
    },
  ],
])('a weight that met %s gets the sum of its gradients', async (_, { sizes, idle, times, pairs }) => {
  const values = random(9 * CHANNELS * CHANNELS);
  const uses = sizes.map((size, i) => ({ images: imagesOf(size), counts: i !== idle }));
  const found = await together(uses, values, times);
  expectClose(found.gradient, await apart(uses, values, times), 1e-5);
  // Products are joined by lanes, which not every device has.
  expect(found.pairs).toBe(device.features.has('subgroups') ? pairs : 0);
});

test('a variant that is forced for one gradient computes each', async () => {
  forceVariants(device, ['conv2d.weightGrad=winograd']);
  const values = random(9 * CHANNELS * CHANNELS);
  const uses = [1, 2].map((n) => ({ images: imagesOf([n, SIDE, SIDE]), counts: true }));
  expect((await together(uses, values)).pairs).toBe(0);
});

test('by default a pair has the bits of its two gradients, one after the other', async () => {
  forceVariants(device, []);
  const values = random(9 * CHANNELS * CHANNELS);
  const uses = [1, 2].map((n) => ({ images: imagesOf([n, SIDE, SIDE]), counts: true }));
  const weight = newWeight(values);
  scope(() => backward(uses.map((use) => lossOf(use, weight))));
  const other = newWeight(values);
  for (const use of uses.toReversed()) scope(() => backward(lossOf(use, other)));
  const [one, two] = [await weight.grad?.data(), await other.grad?.data()];
  expect(one?.findIndex((value, i) => !Object.is(value, two?.[i]))).toBe(-1);
});

test('a run that goes on computes each alone where it did', () => {
  forceVariants(device, []);
  const weight = newWeight(random(9 * CHANNELS * CHANNELS));
  const uses = [1, 2].map((n) => ({ images: imagesOf([n, SIDE, SIDE]), counts: true }));
  const isPaired = () => {
    const chosen = exportChoices(device, () => scope(() => backward(uses.map((use) => lossOf(use, weight)))));
    return Object.keys(chosen).some((key) => key.startsWith('conv2d.weightGradPair '));
  };
  // Products are joined by lanes, which not every device has.
  const canPair = device.features.has('subgroups');
  expect(isPaired()).toBe(canPair);
  expect(importChoices(device, { 'conv2d.weightGrad of some layer': 'naive' })).toEqual([]);
  expect(isPaired()).toBe(false);
  expect(importChoices(device, { 'conv2d.weightGradPair of some layer': 'naive' })).toEqual([]);
  expect(isPaired()).toBe(canPair);
});
