import { afterAll, beforeAll, expect, test } from 'vitest';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { linear } from '../../src/autograd/linear.ts';
import { matmul } from '../../src/autograd/matmul.ts';
import { backward } from '../../src/autograd/tape.ts';
import type { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { sizeOf, summedTo } from '../oracles/axes.ts';
import { random, randomAs, typicalSum } from '../oracles/compare.ts';
import { product, transposed } from '../oracles/matmul.ts';
import { expectClose, gradOf, leaf, openPoisoned } from './support.ts';

let device: Device;
beforeAll(async () => {
  device = await openPoisoned();
});
afterAll(() => device.close());

const shapes: [a: number[], b: number[], batch: number[]][] = [
  [[1, 1], [1, 1], []],
  [[5, 3], [3, 7], []],
  [[64, 36], [36, 68], []],
  [
    [2, 3, 5, 4],
    [4, 6],
    [2, 3],
  ],
  [[2, 5, 3], [2, 3, 7], [2]],
  [[5, 3], [2, 3, 7], [2]],
  [
    [3, 1, 5, 9],
    [2, 9, 1],
    [3, 2],
  ],
  [
    [2, 1, 3, 1, 4, 3],
    [1, 3, 3, 2, 3, 5],
    [2, 3, 3, 2],
  ],
  [[3, 33, 41], [1, 41, 35], [3]],
];

test.each(shapes)('of %j and %j follows the formula, and its gradients', async (shapeA, shapeB, batch) => {
  const [a, b] = [random(sizeOf(shapeA)), random(sizeOf(shapeB))];
  const [left, right] = [leaf(device, a, shapeA), leaf(device, b, shapeB)];
  const out = matmul(left, right);
  const shape = [...batch, shapeA.at(-2)!, shapeB.at(-1)!];
  expect(out.shape).toEqual(shape);
  const gradOutput = random(out.size);
  backward(out, Tensor.from(device, gradOutput, shape));
  const [ofA, ofB, ofOut] = [
    { shape: shapeA, values: a },
    { shape: shapeB, values: b },
    { shape, values: gradOutput },
  ];
  expectClose(await out.data(), product(batch, ofA, ofB), 4e-6, typicalSum(shapeA.at(-1)!));
  const whole = (matrix: number[]) => [...batch, ...matrix.slice(-2)];
  const da = summedTo(shapeA, whole(shapeA), product(batch, ofOut, transposed(ofB)));
  const db = summedTo(shapeB, whole(shapeB), product(batch, transposed(ofA), ofOut));
  expectClose(await gradOf(left), da, 4e-6, typicalSum(out.size / left.size || 1));
  expectClose(await gradOf(right), db, 4e-6, typicalSum(out.size / right.size || 1));
});

test.each(shapes.slice(1))('of f16 %j and %j is f16, and so are its gradients', async (shapeA, shapeB, batch) => {
  const [a, b] = [randomAs('f16', sizeOf(shapeA)), randomAs('f16', sizeOf(shapeB))];
  const [left, right] = [Tensor.from(device, a, shapeA, 'f16'), Tensor.from(device, b, shapeB, 'f16')];
  for (const operand of [left, right]) operand.requiresGrad = true;
  const out = matmul(left, right);
  const [ofA, ofB] = [
    { shape: shapeA, values: a },
    { shape: shapeB, values: b },
  ];
  expectClose(await out.data(), product(batch, ofA, ofB), 1e-3, typicalSum(shapeA.at(-1)!));
  backward(out, Tensor.from(device, randomAs('f16', out.size), out.shape, 'f16'));
  expect([out.dtype, left.grad?.dtype, right.grad?.dtype]).toEqual(['f16', 'f16', 'f16']);
});

test('agrees with central differences', async () => {
  await gradcheck(matmul, [leaf(device, random(6), [2, 3]), leaf(device, random(12), [3, 4])]);
  await gradcheck(matmul, [leaf(device, random(12), [2, 1, 2, 3]), leaf(device, random(18), [3, 3, 2])]);
  const linearInputs = [
    leaf(device, random(6), [2, 3]),
    leaf(device, random(12), [4, 3]),
    leaf(device, random(4), [4]),
  ];
  await gradcheck((x, weight, bias) => linear(x!, weight!, bias!), linearInputs);
});

test.each([
  [[5], 1, 1],
  [[2, 3, 7], 5, 4],
  [[65], 36, 68],
])('linear of %j × %d features to %d follows the formula, and its gradients', async (rows, features, out) => {
  const count = sizeOf(rows);
  const [x, weight, bias] = [random(count * features), random(out * features), random(out)];
  const operands = [
    leaf(device, x, [...rows, features]),
    leaf(device, weight, [out, features]),
    leaf(device, bias, [out]),
  ] as const;
  const y = linear(...operands);
  expect(y.shape).toEqual([...rows, out]);
  const gradOutput = random(y.size);
  backward(y, Tensor.from(device, gradOutput, y.shape));
  const [ofX, ofWeight, ofY] = [
    { shape: [count, features], values: x },
    { shape: [out, features], values: weight },
    { shape: [count, out], values: gradOutput },
  ];
  const expected = product([], ofX, transposed(ofWeight)).map((v, i) => v + bias[i % out]!);
  expectClose(await y.data(), expected, 4e-6, typicalSum(features));
  expectClose(await gradOf(operands[0]), product([], ofY, ofWeight), 4e-6, typicalSum(out));
  expectClose(await gradOf(operands[1]), product([], transposed(ofY), ofX), 4e-6, typicalSum(count));
  expectClose(await gradOf(operands[2]), summedTo([out], [count, out], gradOutput), 4e-6, typicalSum(count));
});

test('linear of f16 is f16, by weights of f32', async () => {
  const [rows, features, out] = [7, 5, 4];
  const [x, weight] = [randomAs('f16', rows * features), randomAs('f16', out * features)];
  const half = linear(
    Tensor.from(device, x, [rows, features], 'f16'),
    Tensor.from(device, weight, [out, features]),
    null,
  );
  expect(half.dtype).toBe('f16');
  const transposedWeight = transposed({ shape: [out, features], values: weight });
  const expected = product([], { shape: [rows, features], values: x }, transposedWeight);
  // Operands are numbers of f16, so what differs is the rounding of the result, of 11 bits.
  expectClose(await half.data(), expected, 2 ** -10, typicalSum(features));
});

test.each([
  [[3], [3, 2], /matmul takes matrices \[…, M, K\] and \[…, K, N\]; got \[3\] and \[3, 2\]/],
  [[2, 3], [2, 3], /matmul takes matrices/],
  [[2, 2, 3], [3, 3, 2], /matmul cannot bring the shapes \[2\] and \[3\] together/],
])('matmul of %j and %j is refused', (a, b, message) => {
  const operands = [Tensor.empty(device, a), Tensor.empty(device, b)] as const;
  expect(() => matmul(...operands)).toThrow(CyclopsError);
  expect(() => matmul(...operands)).toThrow(message);
});

test('linear refuses a weight that does not fit', () => {
  const x = Tensor.empty(device, [2, 3]);
  expect(() => linear(x, Tensor.empty(device, [4, 2]), null)).toThrow(/needs a weight \[out, 3\]; got \[4, 2\]/);
  expect(() => linear(x, Tensor.empty(device, [4, 3]), Tensor.empty(device, [3]))).toThrow(/needs a bias \[4\]/);
});
