import { afterAll, beforeAll, expect, test } from 'vitest';
import { leakyRelu } from '../../src/autograd/activations/leaky-relu.ts';
import { relu } from '../../src/autograd/activations/relu.ts';
import { tanh } from '../../src/autograd/activations/tanh.ts';
import { concat } from '../../src/autograd/concat.ts';
import { convTranspose2d } from '../../src/autograd/conv-transpose2d.ts';
import { conv2d } from '../../src/autograd/conv2d.ts';
import { instanceNorm } from '../../src/autograd/instance-norm.ts';
import { backward } from '../../src/autograd/tape.ts';
import { pixelDiscriminator } from '../../src/cyclegan/pixel-discriminator.ts';
import { unetGenerator } from '../../src/cyclegan/unet-generator.ts';
import type { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import { randomNormal } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { expectClose, gradOf, openPoisoned } from '../autograd/support.ts';
import { random } from '../oracles/compare.ts';

let device: Device;
beforeAll(async () => {
  device = await openPoisoned();
});
afterAll(() => device.close());

const start = { channels: 3, seed: 1, stream: 0 };
const HALVING = { stride: 2, padding: 1 } as const;

/** The reference's modules one after another, as UnetSkipConnectionBlock puts them together: nothing fused, every skip written out. */
function reference(parameters: ReadonlyMap<string, Tensor>, x: Tensor, levels: number): Tensor {
  const of = (name: string) => [parameters.get(`${name}.weight`)!, parameters.get(`${name}.bias`)!] as const;
  const level = (prefix: string, input: Tensor, depth: number): Tensor => {
    const down = conv2d(leakyRelu(input, 0.2), ...of(`${prefix}.model.1`), HALVING);
    const isInnermost = depth === levels - 1;
    const lower = isInnermost ? down : level(`${prefix}.model.3`, instanceNorm(down), depth + 1);
    const up = convTranspose2d(relu(lower), ...of(`${prefix}.model.${isInnermost ? 3 : 5}`), HALVING);
    return concat([leakyRelu(input, 0.2), instanceNorm(up)], 3);
  };
  const down = conv2d(x, ...of('model.model.0'), HALVING);
  return tanh(convTranspose2d(relu(level('model.model.1', down, 1)), ...of('model.model.3'), HALVING));
}

test.each([
  [2, 4, 8],
  [3, 16, 8],
  [4, 16, 32],
])('a generator of %i levels computes what the reference does, on %i × %i px', async (levels, h, w) => {
  const net = unetGenerator(device, { ...start, ngf: 4, levels });
  const parameters = new Map(net.namedParameters());
  const innermost = `model.model.1${'.model.3'.repeat(levels - 2)}.model.1`;
  const live = ['model.model.0', 'model.model.3', innermost].map((name) => `${name}.bias`);
  for (const [name, parameter] of parameters) {
    // A bias in front of a norm has no effect but a rounding, which may turn a ReLU: those are 0. The others, and weights, are larger than
    // at first, so that no gradient drowns.
    const isDead = name.endsWith('.bias') && !live.includes(name);
    parameter.upload(random(parameter.size).map((v) => (isDead ? 0 : v / 3)));
  }
  const shape = [2, h, w, 3];
  const values = random(2 * h * w * 3);
  const gradOutput = random(values.length);
  const results = [];
  for (const run of [(x: Tensor) => net.forward(x), (x: Tensor) => reference(parameters, x, levels)]) {
    const x = Tensor.from(device, values, shape);
    x.requiresGrad = true;
    for (const parameter of parameters.values()) parameter.grad = null;
    const y = scope(() => {
      const made = run(x);
      backward(made, Tensor.from(device, gradOutput, shape));
      return made;
    });
    expect(y.shape).toEqual(shape);
    const weights = [...parameters].filter(([name]) => name.endsWith('weight')).map(([, tensor]) => tensor);
    results.push([await y.data(), await gradOf(x), ...(await Promise.all(weights.map(gradOf)))]);
  }
  const [found, expected] = results;
  found!.forEach((data, i) => void expectClose(data, expected![i]!, 1e-4));
  net.dispose();
});

test('it refuses sides that it cannot halve so often, and sizes that cannot be', () => {
  const net = unetGenerator(device, { ...start, ngf: 4, levels: 3 });
  const run = () =>
    scope(() => net.forward(randomNormal(device, [1, 16, 20, 3], { seed: 1, stream: 0, mean: 0, std: 1 })));
  expect(run).toThrow(CyclopsError);
  expect(run).toThrow(/multiples of 8; got 16 × 20 px/);
  expect(() => unetGenerator(device, { ...start, ngf: 4, levels: 1 })).toThrow(/levels of a generator/);
  expect(() => pixelDiscriminator(device, { ...start, ndf: 0 })).toThrow(/ndf of a discriminator/);
  net.dispose();
});

test('its names and shapes are those of the reference: unet_128 of 8 filters', async () => {
  const net = unetGenerator(device, { ...start, ngf: 8, levels: 7 });
  const shapes = [...(await net.stateDict())].map(([name, { shape }]) => [name, shape] as const);
  const inner = (depth: number) => `model.model.1${'.model.3'.repeat(depth - 1)}`;
  const filters = [8, 16, 32, 64, 64, 64, 64];
  const expected = new Map<string, number[]>([
    ['model.model.0', [8, 3, 4, 4]],
    ['model.model.3', [16, 3, 4, 4]],
    [`${inner(6)}.model.3`, [64, 64, 4, 4]],
  ]);
  for (let depth = 1; depth < 7; depth++) {
    const [outer, own] = [filters[depth - 1]!, filters[depth]!];
    expected.set(`${inner(depth)}.model.1`, [own, outer, 4, 4]);
    if (depth < 6) expected.set(`${inner(depth)}.model.5`, [2 * own, outer, 4, 4]);
  }
  const weights = shapes.filter(([name]) => name.endsWith('.weight'));
  expect(new Map(weights.map(([name, shape]) => [name.replace(/\.weight$/, ''), shape]))).toEqual(expected);
  expect(net.parameters().reduce((sum, { size }) => sum + size, 0)).toBe(655_027);
  net.dispose();
});
