import { afterAll, beforeAll, expect, test } from 'vitest';
import { conv2d } from '../../src/autograd/conv2d.ts';
import { instanceNorm } from '../../src/autograd/instance-norm.ts';
import { mseLoss } from '../../src/autograd/losses/mse-loss.ts';
import { backward } from '../../src/autograd/tape.ts';
import { Device } from '../../src/gpu/device.ts';
import { forceVariants } from '../../src/kernels/tuning/choices.ts';
import { Adam } from '../../src/optim/adam.ts';
import { scope } from '../../src/tensor/scope.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { random } from '../oracles/compare.ts';
import { leaf } from './support.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ checked: true });
});
afterAll(() => device.close());

const CHANNELS = 128;
const [first, second] = [random(9 * CHANNELS * CHANNELS), random(9 * CHANNELS * CHANNELS)];
const [one, two] = [random(6 * 5 * CHANNELS), random(2 * 6 * 5 * CHANNELS)];

/** Two layers that see an image and two others, and a step of Adam. */
function training(variant: string) {
  const passes = ['forward', 'inputGrad', 'weightGrad'].map((pass) => `conv2d.${pass}=${variant}`);
  const pair = variant.endsWith('x64') ? variant : `${variant}_joined`;
  forceVariants(device, [...passes, `conv2d.weightGradPair=${pair}`]);
  const shape = [3, 3, CHANNELS, CHANNELS];
  const weights = [first, second].map((values) =>
    leaf(
      device,
      values.map((value) => 0.03 * value),
      shape,
    ),
  );
  const optimiser = new Adam(weights, { lr: 1e-3, betas: [0.5, 0.999], eps: 1e-8 });
  const [image, others] = [
    Tensor.from(device, one, [1, 6, 5, CHANNELS]),
    Tensor.from(device, two, [2, 6, 5, CHANNELS]),
  ];
  const layers = (x: Tensor) =>
    weights.reduce((y, weight) => {
      const sum = conv2d(y, weight, null, { padding: 1, paddingMode: 'reflect' });
      return instanceNorm(sum, { residual: y });
    }, x);
  const step = () =>
    scope(() => {
      optimiser.zeroGrad();
      // The weights meet what they made of an image again.
      const losses = [image, others].flatMap((x) => [layers(x), layers(layers(x))]).map((y) => mseLoss(y, 0));
      backward(losses);
      optimiser.step();
    });
  return { weights, step };
}

test.for(['winograd', 'winograd4x4', 'winograd32x64', 'winograd4x4_32x64'])(
  'a captured step by %s has the bits of an eager one, in fewer launches',
  async (variant, { skip }) => {
    skip(!variant.endsWith('x64') && !device.features.has('subgroups'), 'this device has no lanes');
    const [eager, captured] = [training(variant), training(variant)];
    for (let n = 0; n < 3; n++) eager.step();
    const capture = device.capture(captured.step);
    for (let n = 0; n < 3; n++) capture.replay();
    const traced = device.trace(eager.step).launches;
    const transforms = (launches: typeof traced) =>
      launches.filter(({ kernel }) => kernel.name === 'winograd/weight').length;
    expect([transforms(traced), transforms([...capture.launches])]).toEqual([20, 2]);
    for (const [i, weight] of eager.weights.entries()) {
      const expected = await weight.data();
      expect(expected.every(Number.isFinite)).toBe(true);
      // Not by toEqual, which takes minutes to tell what differs.
      const found = await captured.weights[i]?.data();
      expect(found?.findIndex((value, at) => !Object.is(value, expected[at]))).toBe(-1);
    }
    capture.dispose();
  },
);
