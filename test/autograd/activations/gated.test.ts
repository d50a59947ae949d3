import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gelu } from '../../../src/autograd/activations/gelu.ts';
import { silu } from '../../../src/autograd/activations/silu.ts';
import { gradcheck } from '../../../src/autograd/gradcheck.ts';
import { backward } from '../../../src/autograd/tape.ts';
import type { Device } from '../../../src/gpu/device.ts';
import { CyclopsError } from '../../../src/gpu/errors.ts';
import { Tensor } from '../../../src/tensor/tensor.ts';
import { activations } from '../../oracles/activation.ts';
import { random, randomAs } from '../../oracles/compare.ts';
import { gradOf, leaf, openPoisoned } from '../support.ts';

let device: Device;
beforeAll(async () => {
  device = await openPoisoned();
});
afterAll(() => device.close());

const EDGES = [0, -0, 1e-7, -1e-7, 0.5, -0.5, 6, -6, 12, -12, 100, -100, 1e20, -1e20];

describe.each([
  { name: 'gelu', run: (x: Tensor) => gelu(x), ...activations.gelu },
  { name: 'gelu by tanh', run: (x: Tensor) => gelu(x, 'tanh'), ...activations.geluTanh },
  { name: 'silu', run: silu, ...activations.silu },
])('$name', ({ run, value, derivative }) => {
  test.each([[[1]], [[2, 3]], [[3, 5, 7, 3]]])('follows the formula and its slope at shape %j', async (shape) => {
    const count = shape.reduce((product, extent) => product * extent, 1);
    const values = random(count).map((v, i) => (count > EDGES.length ? (EDGES[i] ?? 4 * v) : 4 * v));
    const x = leaf(device, values, shape);
    const gradOutput = random(count);
    const y = run(x);
    backward(y, Tensor.from(device, gradOutput, shape));
    (await y.data()).forEach((actual, i) => {
      expect(Math.abs(actual - value(values[i]!))).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(values[i]!)));
    });
    (await gradOf(x)).forEach((actual, i) => {
      // Where the oracle multiplies 0 by ∞, the slope has reached that of a ReLU.
      const slope = Math.abs(values[i]!) > 50 ? (values[i]! > 0 ? 1 : 0) : derivative(values[i]!);
      expect(Math.abs(actual - slope * gradOutput[i]!)).toBeLessThanOrEqual(2e-6);
    });
  });

  test('of f16 is f16', async () => {
    const values = randomAs('f16', 9);
    const x = Tensor.from(device, values, [9], 'f16');
    x.requiresGrad = true;
    const y = run(x);
    backward(y, Tensor.from(device, new Float32Array(9).fill(1), [9], 'f16'));
    expect([y.dtype, x.grad?.dtype]).toEqual(['f16', 'f16']);
    (await y.data()).forEach((v, i) => void expect(Math.abs(v - value(values[i]!))).toBeLessThanOrEqual(1e-3));
    (await gradOf(x)).forEach((v, i) => void expect(Math.abs(v - derivative(values[i]!))).toBeLessThanOrEqual(1e-3));
  });

  test('agrees with central differences', async () => {
    await gradcheck(run, [leaf(device, random(21), [3, 7])]);
  });

  test('lets NaN through', async () => {
    expect((await run(Tensor.from(device, [Number.NaN, 1], [2])).data())[0]).toBeNaN();
  });
});

test('another approximation is refused', () => {
  // @ts-expect-error
  expect(() => gelu(Tensor.empty(device, [1]), 'sigmoid')).toThrow(CyclopsError);
});
