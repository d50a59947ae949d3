/** Operations on f16 tensors: the dtypes of their results and gradients, and what they refuse. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { leakyRelu } from '../../src/autograd/activations/leaky-relu.ts';
import { add } from '../../src/autograd/add.ts';
import { concatBatch } from '../../src/autograd/concat-batch.ts';
import { convTranspose2d } from '../../src/autograd/conv-transpose2d.ts';
import { conv2d } from '../../src/autograd/conv2d.ts';
import { instanceNorm } from '../../src/autograd/instance-norm.ts';
import { bceWithLogits } from '../../src/autograd/losses/bce-with-logits.ts';
import { l1Loss } from '../../src/autograd/losses/l1-loss.ts';
import { mseLoss } from '../../src/autograd/losses/mse-loss.ts';
import { reflectionPad2d } from '../../src/autograd/reflection-pad2d.ts';
import { scale } from '../../src/autograd/scale.ts';
import { splitBatch } from '../../src/autograd/split-batch.ts';
import { ssim } from '../../src/autograd/ssim.ts';
import { sum } from '../../src/autograd/sum.ts';
import { backward, noGrad } from '../../src/autograd/tape.ts';
import type { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import { cast } from '../../src/tensor/cast.ts';
import { scope } from '../../src/tensor/scope.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { random, randomAs, rounded } from '../oracles/compare.ts';
import { gradOf, leaf, openPoisoned } from './support.ts';

let device: Device;
beforeAll(async () => {
  device = await openPoisoned();
});
afterAll(() => device.close());

const SHAPE = [2, 12, 12, 4] as const;
const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
const image = (dtype: 'f32' | 'f16', values = randomAs('f16', size(SHAPE))) =>
  Tensor.from(device, values, SHAPE, dtype);
const weight = (shape: readonly number[]) => leaf(device, randomAs('f16', size(shape)), shape);

/** Relative L2 distance. */
function distance(found: Float32Array, expected: Float32Array): number {
  let [difference, reference] = [0, 0];
  expected.forEach((v, i) => {
    difference += (found[i]! - v) ** 2;
    reference += v ** 2;
  });
  return Math.sqrt(difference / reference);
}

/**
 * A pass through every operation that a training step uses, smooth enough for a rounding to stay one: the kink of the leaky ReLU is
 * slight, since its slope changes wherever a rounding crosses 0.
 */
function pass(x: Tensor, target: Tensor, filters: Tensor[], bias: Tensor): { y: Tensor; loss: Tensor } {
  const [first, second] = filters as [Tensor, Tensor];
  const padded = reflectionPad2d(conv2d(x, first, bias, { padding: 1, activation: 'tanh' }), [1, 1, 1, 1]);
  const normal = instanceNorm(padded, { activation: 'tanh' });
  const residual = instanceNorm(normal, { residual: scale(normal, 0.5) });
  const [one, two] = splitBatch(concatBatch(residual, leakyRelu(residual, 0.9)), 2);
  const y = convTranspose2d(add(one, two), second, null, { padding: 2 });
  return { y, loss: add(add(mseLoss(y, target), l1Loss(y, target)), bceWithLogits(y, 0.5)) };
}

test('a pass in f16 follows the same pass in f32, and a scale multiplies its gradients', async () => {
  const values = randomAs('f16', size(SHAPE));
  const filters = [weight([3, 3, 4, 8]), weight([3, 3, 4, 8])];
  const bias = weight([8]);
  // No target is near what comes out: the slope of the L1 loss turns its sign where a rounding crosses one.
  const first = scope(() => noGrad(() => pass(image('f32', values), image('f32'), filters, bias)));
  const out = await first.y.data();
  const targets = rounded(
    'f16',
    random(size(SHAPE)).map((target, i) => (Math.abs(target - out[i]!) < 0.1 ? target + 0.3 : target)),
  );
  const run = async (dtype: 'f32' | 'f16', factor: number) => {
    const x = image(dtype, values);
    x.requiresGrad = true;
    for (const parameter of [...filters, bias]) parameter.grad = null;
    const { y, loss } = scope(() => {
      const made = pass(x, image(dtype, targets), filters, bias);
      backward(made.loss, Tensor.from(device, [factor], [1]));
      return made;
    });
    expect([y.dtype, loss.dtype, x.grad!.dtype]).toEqual([dtype, 'f32', dtype]);
    expect([...filters, bias].map(({ grad }) => grad!.dtype)).toEqual(['f32', 'f32', 'f32']);
    const gradients = await Promise.all([x, ...filters, bias].map(gradOf));
    return {
      y: await y.data(),
      loss: await loss.item(),
      gradients: gradients.map((g) => g.map((v) => v / factor)),
    };
  };
  const exact = await run('f32', 1);
  const half = await run('f16', 1024);
  expect(distance(half.y, exact.y)).toBeLessThan(2e-3);
  expect(Math.abs(half.loss / exact.loss - 1)).toBeLessThan(1e-3);
  half.gradients.forEach((gradient, i) => void expect(distance(gradient, exact.gradients[i]!)).toBeLessThan(1e-2));
});

test('gradients of an f16 leaf add up, in f16', async () => {
  const values = randomAs('f16', size(SHAPE));
  const x = image('f16', values);
  x.requiresGrad = true;
  const twice = () => scope(() => backward(add(sum(scale(x, 2)), sum(scale(x, 0.5)))));
  twice();
  twice();
  expect(x.grad!.dtype).toBe('f16');
  expect(new Set(await gradOf(x))).toEqual(new Set([5]));
});

test('cast converts both ways, and leaves alone what has that dtype', async () => {
  const values = randomAs('f16', 37);
  const wide = Tensor.from(device, values, [37]);
  const half = cast(wide, 'f16');
  expect([half.dtype, half.bytes]).toEqual(['f16', 74]);
  expect([...(await half.data())]).toEqual([...values]);
  expect([...(await cast(half, 'f32').data())]).toEqual([...values]);
  expect(cast(half, 'f16')).toBe(half);
  // @ts-expect-error: TypeScript refuses integers too.
  expect(() => cast(Tensor.from(device, [1], [1], 'u32'), 'f16')).toThrow(CyclopsError);
});

function gradientOf(dtype: 'f16', given: 'f32'): Tensor {
  const x = image(dtype);
  x.requiresGrad = true;
  const y = scale(x, 2);
  backward(y, image(given));
  return y;
}

test.each<[string, () => Tensor, RegExp]>([
  ['add', () => add(image('f32'), image('f16')), /add needs two tensors of one dtype; got f32 and f16.*cast/],
  ['l1Loss', () => l1Loss(image('f16'), image('f32')), /l1Loss needs .* got f16 and f32/],
  ['mseLoss', () => mseLoss(image('f16'), image('f32')), /mseLoss needs .* got f16 and f32/],
  ['concatBatch', () => concatBatch(image('f16'), image('f32')), /concatBatch needs .* got f16 and f32/],
  ['a residual', () => instanceNorm(image('f16'), { residual: image('f32') }), /residual needs .* got f16 and f32/],
  ['a weight', () => conv2d(image('f32'), cast(weight([3, 3, 4, 8]), 'f16'), null), /weight of conv2d must be f32/],
  ['a bias', () => conv2d(image('f16'), weight([3, 3, 4, 8]), cast(weight([8]), 'f16')), /bias of conv2d must be f32/],
  [
    'an affine part',
    () => instanceNorm(image('f16'), { weight: weight([4]), bias: cast(weight([4]), 'f16') }),
    /affine part of instanceNorm must be f32/,
  ],
  ['a gradient of the output', () => gradientOf('f16', 'f32'), /backward needs .* got f16 and f32/],
  ['ssim', () => ssim(image('f16'), image('f16')), /ssim must be f32; got f16/],
])('%s of another type is refused', (_, operation, message) => {
  expect(() => scope(operation)).toThrow(CyclopsError);
  expect(() => scope(operation)).toThrow(message);
});
