import { afterAll, beforeAll, expect, test } from 'vitest';
import { tanh } from '../../src/autograd/activations/tanh.ts';
import { add } from '../../src/autograd/add.ts';
import { mul } from '../../src/autograd/mul.ts';
import { scale } from '../../src/autograd/scale.ts';
import { backward, detach, noGrad } from '../../src/autograd/tape.ts';
import { Device } from '../../src/gpu/device.ts';
import { SGD } from '../../src/optim/sgd.ts';
import { keep, scope } from '../../src/tensor/scope.ts';
import { Tensor } from '../../src/tensor/tensor.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ checked: true });
});
afterAll(() => device.close());

function leaf(value: number): Tensor {
  const x = Tensor.from(device, [value], [1]);
  x.requiresGrad = true;
  return x;
}

test('a tensor used several times gets the sum of its gradients', async () => {
  // y = 3x + (3x + x) = 7x, by two paths that share 3x.
  const x = leaf(2);
  const triple = scale(x, 3);
  backward(add(triple, add(triple, x)));
  expect(await x.grad?.item()).toBe(7);
});

test('an input added to itself, and gradients that add up over two backward passes', async () => {
  const x = leaf(1);
  backward(add(x, x));
  backward(scale(x, 5));
  expect(await x.grad?.item()).toBe(7);
});

test('backward refuses numbers that were replaced since they were used', async () => {
  const late = /backward comes too late: the numbers of a tensor \[1\] were replaced/;
  const x = leaf(3);
  const square = mul(x, x);
  x.upload([10]);
  expect(() => backward(square)).toThrow(late);
  expect(x.grad).toBeNull();
  // By what shares the memory, and by an optimiser, which has moved it.
  const again = mul(x, x);
  x.reshape([1, 1]).upload([11]);
  expect(() => backward(again)).toThrow(late);
  const before = mul(x, x);
  const sgd = new SGD([x], { lr: 0.5 });
  backward(before);
  expect(await x.grad?.item()).toBe(22);
  const stale = mul(x, x);
  sgd.step();
  expect(() => backward(stale)).toThrow(late);
  sgd.zeroGrad();
  backward(mul(x, x));
  expect(await x.grad?.item()).toBe(0);
  sgd.dispose();
});

test('detach and noGrad stop the gradient', async () => {
  const x = leaf(3);
  const cut = detach(scale(x, 2));
  const unseen = noGrad(() => scale(x, 10));
  expect(unseen.requiresGrad).toBe(false);
  backward(add(scale(x, 4), add(cut, unseen)));
  expect(await x.grad?.item()).toBe(4);
});

test('a deep chain needs no deep stack', async () => {
  const x = leaf(1);
  let y: Tensor = x;
  for (let i = 0; i < 5000; i++) y = scale(y, 1);
  backward(y);
  expect(await x.grad?.item()).toBe(1);
});

test('a leaf gradient outlives the scope it was made in, and everything else is freed', async () => {
  const x = leaf(0.5);
  const before = device.pool.use.liveBuffers;
  scope(() => backward(tanh(scale(x, 2))));
  expect(device.pool.use.liveBuffers).toBe(before + 1);
  expect(await x.grad?.item()).toBeCloseTo(2 * (1 - Math.tanh(1) ** 2), 5);
  x.dispose();
  expect(device.pool.use.liveBuffers).toBe(before - 1);
});

test('scopes free what they made, keep what they return, and free on an error too', () => {
  const before = device.pool.use.liveBuffers;
  const kept = scope(() => {
    const [a, b] = [Tensor.empty(device, [100]), Tensor.empty(device, [100])];
    scope(() => Tensor.empty(device, [7]));
    return { b, nothing: null, list: [keep(a)] };
  });
  expect(device.pool.use.liveBuffers).toBe(before + 2);
  kept.b.dispose();
  kept.list[0]?.dispose();
  const fail = () =>
    scope(() => {
      Tensor.empty(device, [100]);
      throw new Error('on purpose');
    });
  expect(fail).toThrow('on purpose');
  expect(device.pool.use.liveBuffers).toBe(before);
});
