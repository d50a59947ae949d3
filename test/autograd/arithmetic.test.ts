import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { add } from '../../src/autograd/add.ts';
import { div } from '../../src/autograd/div.ts';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { mul } from '../../src/autograd/mul.ts';
import { sub } from '../../src/autograd/sub.ts';
import { backward } from '../../src/autograd/tape.ts';
import type { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { broadcast, sizeOf, summedTo } from '../oracles/axes.ts';
import { random, randomAs, rounded } from '../oracles/compare.ts';
import { awayFromZero, expectClose, gradOf, leaf, openPoisoned } from './support.ts';

let device: Device;
beforeAll(async () => {
  device = await openPoisoned();
});
afterAll(() => device.close());

/** Each with its derivatives by a and by b. */
const operations = [
  { name: 'add', run: add, f: (a: number, b: number) => a + b, da: () => 1, db: () => 1 },
  { name: 'sub', run: sub, f: (a: number, b: number) => a - b, da: () => 1, db: () => -1 },
  { name: 'mul', run: mul, f: (a: number, b: number) => a * b, da: (_: number, b: number) => b, db: (a: number) => a },
  {
    name: 'div',
    run: div,
    f: (a: number, b: number) => a / b,
    da: (_: number, b: number) => 1 / b,
    db: (a: number, b: number) => -a / b ** 2,
  },
];

const shapes: [a: number[], b: number[], out: number[]][] = [
  [[1], [1], [1]],
  [
    [5, 3],
    [5, 3],
    [5, 3],
  ],
  [[7], [1], [7]],
  [[2, 3, 5], [5], [2, 3, 5]],
  [[3], [4, 3], [4, 3]],
  [
    [2, 1, 5, 1],
    [3, 1, 7],
    [2, 3, 5, 7],
  ],
  [
    [3, 1],
    [1, 70],
    [3, 70],
  ],
  [
    [1, 3, 1, 2, 1, 3],
    [2, 1, 5, 1, 3, 1],
    [2, 3, 5, 2, 3, 3],
  ],
  [
    [2, 33, 35, 3],
    [1, 1, 1, 3],
    [2, 33, 35, 3],
  ],
  [[1, 1, 1], [4100], [1, 1, 4100]],
  [[130, 65], [1], [130, 65]],
];

describe.each(operations)('$name', ({ run, f, da, db }) => {
  test.each(shapes)('follows the formula for %j and %j, and its gradients', async (shapeA, shapeB, shape) => {
    const [a, b] = [random(sizeOf(shapeA)), awayFromZero(sizeOf(shapeB)).map((v) => v + 0.3 * Math.sign(v))];
    const [left, right] = [leaf(device, a, shapeA), leaf(device, b, shapeB)];
    const out = run(left, right);
    const gradOutput = random(sizeOf(shape));
    backward(out, Tensor.from(device, gradOutput, shape));
    expect(out.shape).toEqual(shape);
    const [ofA, ofB] = [
      { shape: shapeA, values: a },
      { shape: shapeB, values: b },
    ];
    expectClose(await out.data(), broadcast(shape, ofA, ofB, f), 1e-6);
    for (const [operand, of, derivative] of [
      [left, ofA, da],
      [right, ofB, db],
    ] as const) {
      const terms = broadcast(shape, ofA, ofB, derivative).map((d, i) => d * gradOutput[i]!);
      const found = await gradOf(operand);
      const expected = summedTo(of.shape, shape, terms);
      // A sum of both signs may end near 0: an error is measured by the sum of the terms' sizes.
      const sizes = summedTo(of.shape, shape, terms.map(Math.abs));
      expect(found.length).toBe(expected.length);
      found.forEach((value, i) => void expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(2e-6 * sizes[i]!));
    }
  });

  test('agrees with central differences where both are repeated', async () => {
    const b = awayFromZero(3).map((v) => v + 0.5 * Math.sign(v));
    await gradcheck(run, [leaf(device, random(8), [4, 1, 2]), leaf(device, b, [3, 1])]);
  });

  test('computes on f16 tensors, and so do its gradients', async () => {
    const [a, b] = [randomAs('f16', 30), rounded('f16', awayFromZero(5))];
    const [left, right] = [Tensor.from(device, a, [2, 3, 5], 'f16'), Tensor.from(device, b, [5], 'f16')];
    for (const operand of [left, right]) operand.requiresGrad = true;
    const out = run(left, right);
    expect(out.dtype).toBe('f16');
    const [ofA, ofB] = [
      { shape: [2, 3, 5], values: a },
      { shape: [5], values: b },
    ];
    expectClose(await out.data(), broadcast(out.shape, ofA, ofB, f), 1e-3);
    backward(out, Tensor.from(device, new Float32Array(30).fill(1), out.shape, 'f16'));
    expect([left.grad?.dtype, right.grad?.dtype]).toEqual(['f16', 'f16']);
    const terms = broadcast(out.shape, ofA, ofB, db);
    const sizes = summedTo([5], out.shape, terms.map(Math.abs));
    (await gradOf(right)).forEach((value, i) => {
      const expected = summedTo([5], out.shape, terms)[i]!;
      expect(Math.abs(value - expected)).toBeLessThanOrEqual(3e-3 * sizes[i]!);
    });
  });
});

test('an operand that is both gets both gradients', async () => {
  const x = leaf(device, [3, -2], [2]);
  backward(mul(x, x), Tensor.from(device, [1, 1], [2]));
  expect([...(await gradOf(x))]).toEqual([6, -4]);
});

test('tensors of one shape may have any number of axes', async () => {
  const x = Tensor.from(device, [2, 3], [1, 1, 1, 1, 1, 1, 2]);
  expect([...(await mul(x, x).data())]).toEqual([4, 9]);
});

test.each([
  [[2, 3], [2], /sub cannot bring the shapes \[2, 3\] and \[2\] together/],
  [[1, 1, 1, 1, 1, 1, 2], [2], /at most 6 axes/],
])('shapes %j and %j are refused', (a, b, message) => {
  const operands = [Tensor.empty(device, a), Tensor.empty(device, b)] as const;
  expect(() => sub(...operands)).toThrow(CyclopsError);
  expect(() => sub(...operands)).toThrow(message);
});
