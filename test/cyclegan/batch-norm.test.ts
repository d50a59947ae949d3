import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { leakyRelu } from '../../src/autograd/activations/leaky-relu.ts';
import { relu } from '../../src/autograd/activations/relu.ts';
import { tanh } from '../../src/autograd/activations/tanh.ts';
import { add } from '../../src/autograd/add.ts';
import { batchNorm } from '../../src/autograd/batch-norm.ts';
import { convTranspose2d } from '../../src/autograd/conv-transpose2d.ts';
import { conv2d } from '../../src/autograd/conv2d.ts';
import { backward } from '../../src/autograd/tape.ts';
import { patchDiscriminator, resnetGenerator } from '../../src/cyclegan/networks.ts';
import type { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import type { Module } from '../../src/layers/module.ts';
import type { NormName } from '../../src/layers/norms.ts';
import { scope } from '../../src/tensor/scope.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { expectClose, gradOf, openPoisoned } from '../autograd/support.ts';
import { random } from '../oracles/compare.ts';

let device: Device;
beforeAll(async () => {
  device = await openPoisoned();
});
afterAll(() => device.close());

const start = { seed: 1, stream: 0, norm: 'batch' } as const;
const generator = () => resnetGenerator(device, { ...start, channels: 3, outChannels: 1, ngf: 2, blocks: 1 });
const discriminator = () => patchDiscriminator(device, { ...start, channels: 6, ndf: 3, layers: 2 });

type State = ReadonlyMap<string, Tensor>;

/** A network's modules one after another, as the reference puts them together: nothing fused. */
type Reference = (x: Tensor, state: State, training: boolean) => Tensor;

const weight = (state: State, name: string) => state.get(`model.${name}.weight`)!;

function norm(x: Tensor, state: State, name: string, training: boolean): Tensor {
  const of = (part: string) => state.get(`model.${name}.${part}`)!;
  const statistics = { runningMean: of('running_mean'), runningVar: of('running_var') };
  return batchNorm(x, { weight: of('weight'), bias: of('bias'), ...statistics, training });
}

const generated: Reference = (x, state, training) => {
  const normed = (y: Tensor, name: string) => norm(y, state, name, training);
  const outer = { padding: 3, paddingMode: 'reflect' } as const;
  const inner = { padding: 1, paddingMode: 'reflect' } as const;
  const halving = { stride: 2, padding: 1 };
  const doubling = { ...halving, outputPadding: 1 };
  let y = relu(normed(conv2d(x, weight(state, '1'), null, outer), '2'));
  y = relu(normed(conv2d(y, weight(state, '4'), null, halving), '5'));
  y = relu(normed(conv2d(y, weight(state, '7'), null, halving), '8'));
  const first = relu(normed(conv2d(y, weight(state, '10.conv_block.1'), null, inner), '10.conv_block.2'));
  y = add(y, normed(conv2d(first, weight(state, '10.conv_block.5'), null, inner), '10.conv_block.6'));
  y = relu(normed(convTranspose2d(y, weight(state, '11'), null, doubling), '12'));
  y = relu(normed(convTranspose2d(y, weight(state, '14'), null, doubling), '15'));
  return tanh(conv2d(y, weight(state, '18'), state.get('model.18.bias')!, outer));
};

const judged: Reference = (x, state, training) => {
  const normed = (y: Tensor, name: string) => leakyRelu(norm(y, state, name, training), 0.2);
  let y = leakyRelu(conv2d(x, weight(state, '0'), state.get('model.0.bias')!, { stride: 2, padding: 1 }), 0.2);
  y = normed(conv2d(y, weight(state, '2'), null, { stride: 2, padding: 1 }), '3');
  y = normed(conv2d(y, weight(state, '5'), null, { padding: 1 }), '6');
  return conv2d(y, weight(state, '8'), state.get('model.8.bias')!, { padding: 1 });
};

/** Each norm's, by the number of its channels. */
const norms = (of: Record<string, number>) =>
  Object.entries(of).flatMap(([name, channels]) =>
    ['weight', 'bias', 'running_mean', 'running_var'].map((part) => [`model.${name}.${part}`, [channels]] as const),
  );

const networks: [string, () => Module, Reference, number[], (readonly [string, readonly number[]])[]][] = [
  [
    'generator',
    generator,
    generated,
    [2, 12, 8, 3],
    [
      ['model.1.weight', [2, 3, 7, 7]],
      ['model.4.weight', [4, 2, 3, 3]],
      ['model.7.weight', [8, 4, 3, 3]],
      ['model.10.conv_block.1.weight', [8, 8, 3, 3]],
      ['model.10.conv_block.5.weight', [8, 8, 3, 3]],
      ['model.11.weight', [8, 4, 3, 3]],
      ['model.14.weight', [4, 2, 3, 3]],
      ['model.18.weight', [1, 2, 7, 7]],
      ['model.18.bias', [1]],
      ...norms({ 2: 2, 5: 4, 8: 8, '10.conv_block.2': 8, '10.conv_block.6': 8, 12: 4, 15: 2 }),
    ],
  ],
  [
    'discriminator',
    discriminator,
    judged,
    [2, 18, 23, 6],
    [
      ['model.0.weight', [3, 6, 4, 4]],
      ['model.0.bias', [3]],
      ['model.2.weight', [6, 3, 4, 4]],
      ['model.5.weight', [12, 6, 4, 4]],
      ['model.8.weight', [1, 12, 4, 4]],
      ['model.8.bias', [1]],
      ...norms({ 3: 6, 6: 12 }),
    ],
  ],
];

describe.each(networks)('a %s with batch norm', (_, make, reference, shape, names) => {
  test('has the names and shapes of the reference: no bias in front of a norm', async () => {
    const shapes = [...(await make().stateDict())].map(([name, tensor]) => [name, tensor.shape] as const);
    expect(new Map(shapes)).toEqual(new Map(names));
  });

  test('computes what the reference does: output, every gradient and the running statistics', async () => {
    const net = make();
    const state = new Map(net.namedState());
    const parameters = new Map(net.namedParameters());
    for (const parameter of parameters.values()) parameter.upload(random(parameter.size));
    const buffers = [...state].filter(([name]) => !parameters.has(name));
    expect(buffers.length).toBeGreaterThan(0);
    const values = random(shape.reduce((product, extent) => product * extent, 1));
    const run = async (forward: (x: Tensor) => Tensor) => {
      for (const [name, buffer] of buffers) {
        buffer.upload(new Float32Array(buffer.size).fill(name.endsWith('running_mean') ? 0.1 : 1.3));
      }
      for (const parameter of parameters.values()) parameter.grad = null;
      const x = Tensor.from(device, values, shape);
      x.requiresGrad = true;
      const y = scope(() => {
        const made = forward(x);
        const gradOutput = Float32Array.from({ length: made.size }, (_, i) => Math.sin(i + 1));
        backward(made, Tensor.from(device, gradOutput, made.shape));
        return made;
      });
      const grads = await Promise.all([...parameters.values()].map(gradOf));
      const moved = await Promise.all(buffers.map(([, buffer]) => buffer.data()));
      return [await y.data(), await gradOf(x), ...grads, ...moved];
    };
    for (const training of [true, false]) {
      net.train(training);
      const found = await run((x) => net.forward(x));
      const expected = await run((x) => reference(x, state, training));
      found.forEach((data, i) => void expectClose(data, expected[i]!, 1e-4));
      const still = found.slice(-buffers.length).flatMap((data) => [...data]);
      const isStill = still.every((value) => value === Math.fround(0.1) || value === Math.fround(1.3));
      expect(isStill).toBe(!training);
    }
    net.dispose();
  });

  test('begins as the reference does: factors of the norms around 1, weights around 0', async () => {
    for (const [name, { shape, data }] of await make().stateDict()) {
      const middle = (name.endsWith('.weight') && shape.length === 1) || name.endsWith('running_var') ? 1 : 0;
      // Six standard deviations.
      expect(
        data.every((value) => Math.abs(value - middle) < 0.12),
        name,
      ).toBe(true);
      const isDrawn = name.endsWith('.weight');
      expect(new Set(data).size > 1, name).toBe(isDrawn);
    }
  });
});

test('a norm that is not known is refused by name', () => {
  // @ts-expect-error
  const norm: NormName = 'layer';
  const make = () => resnetGenerator(device, { ...start, norm, channels: 3, ngf: 2, blocks: 1 });
  expect(make).toThrow(CyclopsError);
  expect(make).toThrow(/instance or batch; got layer/);
});
