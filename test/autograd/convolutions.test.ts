import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { tanh } from '../../src/autograd/activations/tanh.ts';
import { add } from '../../src/autograd/add.ts';
import { convTranspose2d } from '../../src/autograd/conv-transpose2d.ts';
import { conv2d } from '../../src/autograd/conv2d.ts';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { instanceNorm } from '../../src/autograd/instance-norm.ts';
import { mseLoss } from '../../src/autograd/losses/mse-loss.ts';
import { backward } from '../../src/autograd/tape.ts';
import { Device } from '../../src/gpu/device.ts';
import { forceVariants } from '../../src/kernels/tuning/choices.ts';
import { scope } from '../../src/tensor/scope.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { random } from '../oracles/compare.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ checked: true });
});
afterAll(() => device.close());

function leaf(...shape: number[]): Tensor {
  const tensor = Tensor.from(device, random(shape.reduce((a, b) => a * b)), shape);
  tensor.requiresGrad = true;
  return tensor;
}

describe('gradients agree with central differences', () => {
  test('conv2d, zero padding, stride 2, bias, tanh', async () => {
    const f = (x: Tensor, w: Tensor, b: Tensor) => conv2d(x, w, b, { stride: 2, padding: 1, activation: 'tanh' });
    await gradcheck(f, [leaf(2, 5, 4, 3), leaf(3, 3, 3, 4), leaf(4)]);
  });

  test('conv2d, reflection, no bias', async () => {
    const f = (x: Tensor, w: Tensor) => conv2d(x, w, null, { padding: 2, paddingMode: 'reflect' });
    await gradcheck(f, [leaf(1, 3, 5, 4), leaf(3, 3, 4, 4)]);
  });

  test.each([
    ['tiled64x16', 'reflect', true],
    ['naive', 'reflect', false],
    ['tiled64x16', 'zeros', false],
  ] as const)('conv2d beside another way, by %s, %s', async (variant, paddingMode, folds) => {
    const own = await Device.open({ checked: true });
    onTestFinished(() => own.close());
    forceVariants(own, [`conv2d.inputGrad=${variant}`]);
    const inputs = [
      [2, 4, 5, 4],
      [3, 3, 4, 4],
    ].map((shape) => {
      const tensor = Tensor.from(own, random(shape.reduce((a, b) => a * b)), shape);
      tensor.requiresGrad = true;
      return tensor;
    });
    // What comes back through the convolution meets what comes through the sum, and once more what comes through the second.
    const f = (x: Tensor, w: Tensor) => {
      const inner = tanh(x);
      const first = conv2d(inner, w, null, { padding: 1, paddingMode });
      return add(add(inner, first), conv2d(inner, w, null, { padding: 1, paddingMode }));
    };
    await gradcheck(f, inputs);
    const [x, w] = inputs;
    if (!x || !w) throw new Error('unreachable');
    const { launches } = own.trace(() => scope(() => backward(mseLoss(f(x, w), 0))));
    const sums = launches.filter(
      ({ kernel: { name }, layer }) => name === 'elementwise/arithmetic' && layer === undefined,
    );
    // Two sums on the way there; as many on the way back, but where a fold makes them.
    expect(sums).toHaveLength(folds ? 2 : 4);
  });

  test('conv2d to one channel', async () => {
    await gradcheck((x, w, b) => conv2d(x, w, b, { padding: 1 }), [leaf(1, 4, 5, 4), leaf(4, 4, 4, 1), leaf(1)]);
  });

  test('convTranspose2d with output padding and bias', async () => {
    const f = (x: Tensor, w: Tensor, b: Tensor) =>
      convTranspose2d(x, w, b, { stride: 2, padding: 1, outputPadding: 1 });
    await gradcheck(f, [leaf(1, 3, 2, 4), leaf(3, 3, 4, 4), leaf(4)]);
  });

  test('convTranspose2d with another output padding for rows than for columns', async () => {
    const f = (x: Tensor, w: Tensor) => convTranspose2d(x, w, null, { stride: 2, padding: 1, outputPadding: [0, 1] });
    expect(f(leaf(2, 3, 2, 4), leaf(3, 3, 4, 4)).shape).toEqual([2, 5, 4, 4]);
    await gradcheck(f, [leaf(1, 3, 2, 4), leaf(3, 3, 4, 4)]);
  });

  test('instanceNorm with affine and tanh', async () => {
    const f = (x: Tensor, weight: Tensor, bias: Tensor) => instanceNorm(x, { weight, bias, activation: 'tanh' });
    await gradcheck(f, [leaf(2, 3, 3, 4), leaf(4), leaf(4)]);
  });

  test('instanceNorm with a residual, odd channels', async () => {
    await gradcheck((x, residual) => instanceNorm(x, { residual }), [leaf(1, 4, 3, 3), leaf(1, 4, 3, 3)]);
  });
});

describe('shapes that do not fit are named', () => {
  test('channels of the weight', () => {
    expect(() => conv2d(leaf(1, 4, 4, 3), leaf(3, 3, 4, 8), null)).toThrow(/\[KH, KW, 3, O\]; got \[3, 3, 4, 8\]/);
  });
  test('reflection larger than the image', () => {
    const x = leaf(1, 3, 3, 4);
    expect(() => conv2d(x, leaf(7, 7, 4, 4), null, { padding: 3, paddingMode: 'reflect' })).toThrow(
      /at least 4×4 pixels.*got 3×3/,
    );
  });
  test('kernel larger than the image', () => {
    expect(() => conv2d(leaf(1, 2, 2, 4), leaf(5, 5, 4, 4), null)).toThrow(/larger than the padded image/);
  });
  test('bias of another size', () => {
    expect(() => conv2d(leaf(1, 4, 4, 4), leaf(3, 3, 4, 8), leaf(7))).toThrow(/bias \[8\]; got \[7\]/);
  });
  test('output padding of a whole stride', () => {
    const options = { stride: 2, outputPadding: 2 };
    expect(() => convTranspose2d(leaf(1, 4, 4, 4), leaf(3, 3, 4, 4), null, options)).toThrow(
      /less than the stride 2; got 2/,
    );
  });
});
