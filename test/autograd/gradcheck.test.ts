import { afterAll, beforeAll, expect, test } from 'vitest';
import { tanh } from '../../src/autograd/activations/tanh.ts';
import { add } from '../../src/autograd/add.ts';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { scale } from '../../src/autograd/scale.ts';
import { detach } from '../../src/autograd/tape.ts';
import type { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import { record } from '../../src/tensor/record.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { random } from '../oracles/compare.ts';
import { leaf, openPoisoned } from './support.ts';

let device: Device;
beforeAll(async () => {
  device = await openPoisoned();
});
afterAll(() => device.close());

/** The identity with a gradient that is 5 % off in its last element. */
function nearlyRight(x: Tensor): Tensor {
  return record(scale(detach(x), 1), [x], (gradOutput) => {
    const wrong = new Float32Array(x.size);
    wrong[x.size - 1] = 0.05;
    return [add(gradOutput, Tensor.from(device, wrong, x.shape))];
  });
}

test('passes correct operations and leaves inputs, gradients and memory as they were', async () => {
  const values = random(6);
  const x = leaf(device, values, [2, 3]);
  x.grad = Tensor.from(device, [1, 2, 3, 4, 5, 6], [2, 3]);
  const fixed = Tensor.from(device, random(6), [2, 3]);
  const buffers = device.pool.use.liveBuffers;
  await gradcheck((a, b) => add(tanh(scale(a, 1.5)), b), [x, fixed]);
  expect(await x.data()).toEqual(values);
  expect([...(await x.grad.data())]).toEqual([1, 2, 3, 4, 5, 6]);
  expect(fixed.grad).toBeNull();
  expect(device.pool.use.liveBuffers).toBe(buffers);
});

test('names the input and the element of a wrong gradient', async () => {
  const inputs = [leaf(device, random(6), [2, 3]), leaf(device, random(6), [2, 3])];
  await expect(gradcheck((a, b) => add(a, nearlyRight(b)), inputs)).rejects.toThrow(/input 1 .*element \[1, 2\]/);
});

test('a gradient of NaN, a missing one, and no input to check are failures', async () => {
  const nan = (x: Tensor) => record(scale(detach(x), 1), [x], (g) => [scale(g, Number.NaN)]);
  const none = (x: Tensor) => record(scale(detach(x), 1), [x], () => [null]);
  await expect(gradcheck(nan, [leaf(device, [1], [1])])).rejects.toThrow('NaN');
  await expect(gradcheck(none, [leaf(device, [1], [1])])).rejects.toThrow('no gradient');
  await expect(gradcheck(tanh, [Tensor.from(device, [1], [1])])).rejects.toThrow('requiresGrad');
});

test('what cannot be checked is refused', async () => {
  const x = leaf(device, [1], [1]);
  for (const bad of [0, -1, Number.NaN, Infinity]) {
    await expect(gradcheck(tanh, [x], { eps: bad })).rejects.toThrow(CyclopsError);
    await expect(gradcheck(tanh, [x], { tolerance: bad })).rejects.toThrow(
      /tolerance of gradcheck must be positive and finite/,
    );
  }
  // @ts-expect-error
  const later: (x: Tensor) => Tensor = async (x) => tanh(x);
  await expect(gradcheck(later, [x])).rejects.toThrow(/gradcheck takes tensors; got \[object Promise\]/);
});
