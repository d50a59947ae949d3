import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AxesOptions } from '../../src/autograd/axis-reduction.ts';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { max } from '../../src/autograd/max.ts';
import { mean } from '../../src/autograd/mean.ts';
import { sum } from '../../src/autograd/sum.ts';
import { backward } from '../../src/autograd/tape.ts';
import type { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { gathered, indicesOf, placeIn, sizeOf } from '../oracles/axes.ts';
import { random, randomAs } from '../oracles/compare.ts';
import { gradOf, leaf, openPoisoned } from './support.ts';

let device: Device;
beforeAll(async () => {
  device = await openPoisoned();
});
afterAll(() => device.close());

const total = (values: number[]) => values.reduce((a, b) => a + b, 0);
const ties = (values: number[]) => values.filter((v) => v === Math.max(...values)).length;

/** Each with the derivative by one of the values. */
const operations = [
  { name: 'sum', run: sum, f: total, d: () => 1 },
  { name: 'mean', run: mean, f: (v: number[]) => total(v) / v.length, d: (_: number, v: number[]) => 1 / v.length },
  {
    name: 'max',
    run: max,
    f: (v: number[]) => Math.max(...v),
    d: (x: number, v: number[]) => (x === Math.max(...v) ? 1 / ties(v) : 0),
  },
];

/** Shapes, axes, what is left, and that with 1 in their place. */
const cases: [shape: number[], axes: number | number[], left: number[], kept: number[]][] = [
  [[1], 0, [1], [1]],
  [[5, 3], 1, [5], [5, 1]],
  [[5, 3], -2, [3], [1, 3]],
  [
    [2, 7, 5, 3],
    [1, 2],
    [2, 3],
    [2, 1, 1, 3],
  ],
  [
    [2, 7, 5, 3],
    [0, -1],
    [7, 5],
    [1, 7, 5, 1],
  ],
  [
    [2, 3, 5, 2, 3, 2],
    [1, 3, 5],
    [2, 5, 3],
    [2, 1, 5, 1, 3, 1],
  ],
  [[4, 3], [0, 1], [1], [1, 1]],
  [[4, 3], [], [4, 3], [4, 3]],
  [[3, 71, 65, 2], [0, 1, 2], [2], [1, 1, 1, 2]],
  [[2, 9001], 1, [2], [2, 1]],
  [[67, 130], 0, [130], [1, 130]],
  [[100, 2, 3], 0, [2, 3], [1, 2, 3]],
];

describe.each(operations)('$name', ({ run, f, d }) => {
  test.each(cases)('of %j over %j follows the formula, and its gradient', async (shape, axes, left, kept) => {
    const values = random(sizeOf(shape));
    const groups = gathered(kept, { shape, values });
    for (const keepdim of [false, true]) {
      const x = leaf(device, values, shape);
      const out = run(x, { axes, keepdim });
      expect(out.shape).toEqual(keepdim ? kept : left);
      const gradOutput = random(out.size);
      backward(out, Tensor.from(device, gradOutput, out.shape));
      const found = await out.data();
      groups.forEach((group, j) => {
        expect(Math.abs(found[j]! - f(group))).toBeLessThanOrEqual(1e-6 * f(group.map(Math.abs)));
      });
      const gradient = await gradOf(x);
      indicesOf(shape).forEach((index, i) => {
        const j = placeIn(kept, index);
        const expected = gradOutput[j]! * d(values[i]!, groups[j]!);
        if (Math.abs(gradient[i]! - expected) > 1e-6 * Math.abs(expected)) expect(gradient[i]).toBe(expected);
      });
    }
  });

  test('agrees with central differences', async () => {
    // Apart from each other by more than twice the step, so that the largest stays the largest.
    const values = Float32Array.from({ length: 24 }, (_, i) => ((i * 7) % 24) / 12 - 1);
    await gradcheck((x) => run(x, { axes: [0, 2] }), [leaf(device, values, [2, 3, 4])]);
  });

  test('of f16 is f16, and sums in f32', async () => {
    const values = randomAs('f16', 3 * 500);
    const x = Tensor.from(device, values, [3, 500], 'f16');
    x.requiresGrad = true;
    const out = run(x, { axes: 1 });
    expect(out.dtype).toBe('f16');
    const found = await out.data();
    gathered([3, 1], { shape: [3, 500], values }).forEach((group, j) => {
      const rounding = 2 ** -11 * Math.abs(f(group)) + 1e-6 * f(group.map(Math.abs)) + 2 ** -24;
      expect(Math.abs(found[j]! - f(group))).toBeLessThanOrEqual(rounding);
    });
    backward(out, Tensor.from(device, [1, 1, 1], [3], 'f16'));
    expect(x.grad?.dtype).toBe('f16');
  });

  test.each<[string, AxesOptions, RegExp]>([
    ['an axis that is not there', { axes: 3 }, /takes an axis from 0 to 1, or from −2 to −1; got 3/],
    ['half an axis', { axes: 0.5 }, /takes an axis/],
    ['an axis twice', { axes: [0, -2] }, /takes each axis once; got \[0, -2\]/],
  ])('refuses %s', (_, options, message) => {
    const x = Tensor.empty(device, [2, 3]);
    expect(() => run(x, options)).toThrow(CyclopsError);
    expect(() => run(x, options)).toThrow(message);
  });

  test('refuses more than 6 axes', () => {
    expect(() => run(Tensor.empty(device, [1, 2, 1, 1, 1, 1, 2]), { axes: 0 })).toThrow(/at most 6 axes/);
  });
});

test('the largest of equal ones shares its gradient, and NaN is seen', async () => {
  const x = leaf(device, [1, 4, 4, 0, Number.NaN, 2], [2, 3]);
  const out = max(x, { axes: 1 });
  expect([...(await out.data())]).toEqual([4, Number.NaN]);
  backward(out, Tensor.from(device, [1, 0], [2]));
  expect([...(await gradOf(x))].slice(0, 3)).toEqual([0, 0.5, 0.5]);
});

test('max takes all axes unless told otherwise', async () => {
  expect(await max(Tensor.from(device, [3, -1, 7, 2], [2, 2])).item()).toBe(7);
  expect(max(Tensor.empty(device, [2, 2]), { keepdim: true }).shape).toEqual([1, 1]);
});
