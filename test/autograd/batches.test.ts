import { afterAll, beforeAll, expect, test } from 'vitest';
import { tanh } from '../../src/autograd/activations/tanh.ts';
import { add } from '../../src/autograd/add.ts';
import { concatBatch } from '../../src/autograd/concat-batch.ts';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { splitBatch } from '../../src/autograd/split-batch.ts';
import { sum } from '../../src/autograd/sum.ts';
import { backward } from '../../src/autograd/tape.ts';
import type { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { random } from '../oracles/compare.ts';
import { gradOf, leaf, openPoisoned } from './support.ts';

let device: Device;
beforeAll(async () => {
  device = await openPoisoned();
});
afterAll(() => device.close());

const rows = (count: number, values: Float32Array) => leaf(device, values, [count, 7]);

test('batches joined and split again are what they were, entry by entry', async () => {
  const [a, b] = [random(3 * 7), random(2 * 7)];
  const joined = concatBatch(rows(3, a), rows(2, b));
  expect(joined.shape).toEqual([5, 7]);
  expect([...(await joined.data())]).toEqual([...a, ...b]);
  const [first, rest] = splitBatch(joined, 1);
  expect([first.shape, rest.shape]).toEqual([
    [1, 7],
    [4, 7],
  ]);
  expect([...(await first.data()), ...(await rest.data())]).toEqual([...a, ...b]);
});

test('gradients of central differences, through both and what lies between', async () => {
  const run = (a: Tensor, b: Tensor) => {
    const [first, rest] = splitBatch(tanh(concatBatch(a, b)), 2);
    return add(sum(tanh(first)), sum(rest));
  };
  await gradcheck(run, [rows(1, random(7)), rows(3, random(21))]);
});

test('a part that nothing depends on has the gradient 0, whatever the memory held', async () => {
  const x = rows(3, random(21));
  scope(() => backward(sum(splitBatch(x, 1)[0])));
  expect([...(await gradOf(x))]).toEqual([...Array(7).fill(1), ...Array(14).fill(0)]);
});

test('several losses are differentiated as their sum, in one walk', async () => {
  const values = random(14);
  const [one, two] = [rows(2, values), rows(2, values)];
  scope(() => {
    const shared = tanh(one);
    backward([sum(shared), sum(tanh(shared))]);
  });
  scope(() => {
    const shared = tanh(two);
    backward(add(sum(shared), sum(tanh(shared))));
  });
  expect(await gradOf(one)).toEqual(await gradOf(two));
  expect(() => backward([])).toThrow(CyclopsError);
});

test('a loss of several elements needs its gradient given', () => {
  const x = rows(2, random(14));
  expect(() => backward(tanh(x))).toThrow(/backward differentiates scalars; got the shape \[2, 7\]/);
  expect(() => backward([sum(x), tanh(x)])).toThrow(CyclopsError);
});

test('what does not fit is refused in plain words', () => {
  const wide = leaf(device, random(8), [1, 8]);
  expect(() => concatBatch(rows(1, random(7)), wide)).toThrow(/joins batches of one shape; got \[1, 7\] and \[1, 8\]/);
  expect(() => splitBatch(rows(2, random(14)), 2)).toThrow(CyclopsError);
  expect(() => splitBatch(rows(2, random(14)), 0)).toThrow(CyclopsError);
});
