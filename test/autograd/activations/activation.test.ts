import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { leakyRelu } from '../../../src/autograd/activations/leaky-relu.ts';
import { relu } from '../../../src/autograd/activations/relu.ts';
import { sigmoid } from '../../../src/autograd/activations/sigmoid.ts';
import { tanh } from '../../../src/autograd/activations/tanh.ts';
import { gradcheck } from '../../../src/autograd/gradcheck.ts';
import { backward } from '../../../src/autograd/tape.ts';
import type { Device } from '../../../src/gpu/device.ts';
import { CyclopsError } from '../../../src/gpu/errors.ts';
import { Tensor } from '../../../src/tensor/tensor.ts';
import { activations } from '../../oracles/activation.ts';
import { random } from '../../oracles/compare.ts';
import { awayFromZero, expectClose, golden, gradOf, leaf, openPoisoned } from '../support.ts';

const SLOPE = 0.3;
const EDGES = [0, -0, 1e-7, -1e-7, 30, -30, 88, -88, 89, -89, 100, -100, 0.25, -0.25];

const cases = [
  { name: 'relu', file: 'relu', run: relu, ofGolden: relu, ...activations.relu },
  {
    name: 'leakyRelu',
    file: 'leaky_relu',
    run: (x: Tensor) => leakyRelu(x, SLOPE),
    ofGolden: (x: Tensor) => leakyRelu(x, 0.2),
    ...activations.leakyRelu,
  },
  { name: 'tanh', file: 'tanh', run: tanh, ofGolden: tanh, ...activations.tanh },
  { name: 'sigmoid', file: 'sigmoid', run: sigmoid, ofGolden: sigmoid, ...activations.sigmoid },
];

let device: Device;
beforeAll(async () => {
  device = await openPoisoned();
});
afterAll(() => device.close());

describe.each(cases)('$name', ({ file, run, ofGolden, value, derivative }) => {
  test.each([[[1]], [[2, 3]], [[3, 5, 7, 3]]])(
    'follows the formula, forward and backward, at shape %j',
    async (shape) => {
      const count = shape.reduce((product, extent) => product * extent, 1);
      const values = random(count).map((v, i) => (count > EDGES.length ? (EDGES[i] ?? 4 * v) : 4 * v));
      const x = leaf(device, values, shape);
      const gradOutput = random(count);
      const y = run(x);
      backward(y, Tensor.from(device, gradOutput, shape));
      expect(y.shape).toEqual(shape);
      const expected = Array.from(values, (v) => value(v, SLOPE));
      (await y.data()).forEach((actual, i) => {
        // An exponential may be off by a rounding of its argument; e^−100 lies below the smallest normal number.
        const relative = 1e-6 + 1e-7 * Math.abs(values[i]!);
        expect(Math.abs(actual - expected[i]!)).toBeLessThanOrEqual(relative * Math.abs(expected[i]!) + 1e-37);
      });
      // The output of a saturated tanh or sigmoid holds its slope only to a rounding of 1.
      (await gradOf(x)).forEach((actual, i) => {
        expect(Math.abs(actual - derivative(values[i]!, SLOPE) * gradOutput[i]!)).toBeLessThanOrEqual(5e-7);
      });
    },
  );

  test('agrees with the reference framework', async () => {
    const of = golden(file);
    const x = leaf(device, of('input').data, of('input').shape);
    const y = ofGolden(x);
    backward(y, Tensor.from(device, of('grad_output').data, y.shape));
    expectClose(await y.data(), of('output').data);
    expectClose(await gradOf(x), of('grad_input').data);
  });

  test('agrees with central differences', async () => {
    await gradcheck(run, [leaf(device, awayFromZero(21), [3, 7])]);
  });

  test('lets NaN through, so that a broken value stays visible', async () => {
    const [broken, whole] = await run(Tensor.from(device, [Number.NaN, 1], [2])).data();
    expect(broken).toBeNaN();
    expect(whole).toBeGreaterThan(0);
  });
});

test('tanh keeps its relative accuracy for small arguments', async () => {
  const values = Float32Array.from({ length: 401 }, (_, i) => 10 ** (-10 + i / 36));
  const y = await tanh(Tensor.from(device, values, [401])).data();
  y.forEach((actual, i) => {
    expect(Math.abs(actual / Math.tanh(values[i]!) - 1)).toBeLessThan(1e-6);
  });
});

test('a leaky ReLU of negative slope is refused: its output would not tell the sign of its input', () => {
  expect(() => leakyRelu(Tensor.from(device, [1], [1]), -0.1)).toThrow(CyclopsError);
});
