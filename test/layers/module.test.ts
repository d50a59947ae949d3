import { afterAll, beforeAll, expect, test } from 'vitest';
import { backward } from '../../src/autograd/tape.ts';
import type { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import { ConvTranspose2d } from '../../src/layers/conv-transpose2d.ts';
import { Conv2d } from '../../src/layers/conv2d.ts';
import { normalInitialiser } from '../../src/layers/init.ts';
import { InstanceNorm2d } from '../../src/layers/instance-norm2d.ts';
import type { StateTensor } from '../../src/layers/layout.ts';
import type { StateDict } from '../../src/layers/module.ts';
import { normsOf } from '../../src/layers/norms.ts';
import { ResnetBlock } from '../../src/layers/resnet-block.ts';
import { Sequential } from '../../src/layers/sequential.ts';
import { scope } from '../../src/tensor/scope.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { openPoisoned } from '../autograd/support.ts';

let device: Device;
beforeAll(async () => {
  device = await openPoisoned();
});
afterAll(() => device.close());

const init = () => normalInitialiser(device, { seed: 7, stream: 0 });

/** Two convolutions and a norm with parameters, nested as the reference nests. */
function network(): Sequential {
  const conv = new Conv2d({ inChannels: 3, outChannels: 4, kernelSize: 3 }, init());
  const norm = new InstanceNorm2d({ affine: { device, channels: 4 } });
  return new Sequential([
    ['model.1', conv],
    ['model.2', norm],
    ['model.4', new ResnetBlock(4, init(), normsOf('instance', device, init()))],
  ]);
}

/** The dict with one entry replaced. */
function changed(dict: StateDict, name: string, shape: number[], data: Float32Array<ArrayBuffer>): StateDict {
  return new Map(dict).set(name, { shape, data });
}

test('parameters bear the paths and the order of the reference', () => {
  const net = network();
  expect([...net.namedParameters()].map(([name]) => name)).toEqual([
    'model.1.weight',
    'model.1.bias',
    'model.2.weight',
    'model.2.bias',
    'model.4.conv_block.1.weight',
    'model.4.conv_block.1.bias',
    'model.4.conv_block.5.weight',
    'model.4.conv_block.5.bias',
  ]);
  net.dispose();
});

test('a weight that picks one tap and channel does so in OIHW, and for a transposed convolution in [Cin,Cout,kH,kW]', async () => {
  // x[0, i, j, c] = 100 c + 10 i + j on 2 × 3 pixels and 2 channels.
  const x = Tensor.from(device, [0, 100, 1, 101, 2, 102, 10, 110, 11, 111, 12, 112], [1, 2, 3, 2]);
  const pick = (shape: number[], hot: number[]) => {
    const data = new Float32Array(shape.reduce((product, n) => product * n, 1));
    data[hot.reduce((index, at, axis) => index * (shape[axis] ?? 0) + at, 0)] = 1;
    return { shape, data };
  };
  const conv = new Conv2d({ inChannels: 2, outChannels: 3, kernelSize: 2 }, init());
  const zeros = { shape: [3], data: new Float32Array(3) };
  conv.loadStateDict(
    new Map([
      ['weight', pick([3, 2, 2, 2], [2, 1, 1, 0])],
      ['bias', zeros],
    ]),
    'picked',
  );
  const y = scope(() => conv.forward(x));
  expect([...(await y.data())]).toEqual([0, 0, 110, 0, 0, 111]);

  const transposed = new ConvTranspose2d({ inChannels: 2, outChannels: 3, kernelSize: 2 }, init());
  transposed.loadStateDict(
    new Map([
      ['weight', pick([2, 3, 2, 2], [1, 2, 1, 0])],
      ['bias', zeros],
    ]),
    'picked',
  );
  // Output channel 2 is x's channel 1, one row down.
  const z = scope(() => transposed.forward(x));
  expect(z.shape).toEqual([1, 3, 4, 3]);
  const channel = [...(await z.data())].filter((_, i) => i % 3 === 2);
  expect(channel).toEqual([0, 0, 0, 0, 100, 101, 102, 0, 110, 111, 112, 0]);
  for (const tensor of [x, y, z, ...conv.parameters(), ...transposed.parameters()]) tensor.dispose();
});

test('a state dict goes round: the same bits in another network, and the same output', async () => {
  const [one, two] = [network(), network()];
  const dict = await one.stateDict();
  dict.get('model.2.weight')?.data.set([0.5, -2, 3, 1e-7]);
  one.loadStateDict(dict, 'changed');
  two.loadStateDict(await one.stateDict(), 'one');
  expect(await two.stateDict()).toEqual(dict);
  const x = Tensor.from(
    device,
    Array.from({ length: 3 * 49 }, (_, i) => Math.sin(i)),
    [1, 7, 7, 3],
  );
  const outputs = scope(() => [one.forward(x), two.forward(x)]);
  expect(await outputs[1]?.data()).toEqual(await outputs[0]?.data());
  for (const part of [one, two, x, ...outputs]) part.dispose();
});

test('what does not fit is refused by name, and then nothing has changed', async () => {
  const net = network();
  const dict = await net.stateDict();
  const weight = dict.get('model.1.weight')?.data ?? new Float32Array();
  const without = new Map(dict);
  without.delete('model.4.conv_block.5.bias');
  const poisoned = (value: number) =>
    changed(
      dict,
      'model.1.weight',
      [4, 3, 3, 3],
      weight.map((w, i) => (i === 5 ? value : w)),
    );
  const faults: [StateDict, RegExp][] = [
    [without, /epoch3\.safetensors .*lacks 'model\.4\.conv_block\.5\.bias'/],
    [changed(dict, 'model.9.weight', [1], new Float32Array(1)), /epoch3\.safetensors .*holds 'model\.9\.weight'/],
    [
      changed(dict, 'model.1.weight', [3, 4, 3, 3], weight),
      /'model\.1\.weight' .*\[3, 4, 3, 3\], expected \[4, 3, 3, 3\]/,
    ],
    [changed(dict, 'model.1.bias', [2, 2], new Float32Array(4)), /'model\.1\.bias' .*\[2, 2\], expected \[4\]/],
    [poisoned(Number.NaN), /'model\.1\.weight' holds NaN at position 5/],
    [
      changed(dict, 'model.4.conv_block.5.weight', [4, 4, 3, 3], new Float32Array(143)),
      /'model\.4\.conv_block\.5\.weight' holds 143 values, expected 144/,
    ],
    [poisoned(Number.NEGATIVE_INFINITY), /'model\.1\.weight' holds -Infinity at position 5/],
  ];
  for (const [faulty, message] of faults) {
    // Another entry differs as well, so that a half-made load would show.
    const load = () =>
      net.loadStateDict(changed(faulty, 'model.2.bias', [4], new Float32Array(4).fill(9)), 'epoch3.safetensors');
    expect(load).toThrow(CyclopsError);
    expect(load).toThrow(message);
  }
  // Of doubles, which a program's own decoder may give.
  const doubles = new Map<string, StateTensor<ArrayLike<number>>>(dict);
  doubles.set('model.1.bias', { shape: [4], data: [1, 2, 1e39, 4] });
  expect(() => net.loadStateDict(doubles, 'epoch3.safetensors')).toThrow(/'model\.1\.bias' holds 1e\+39 at position 2/);
  expect(await net.stateDict()).toEqual(dict);
  net.dispose();
});

test('an affine norm trains its factor and summand', async () => {
  const norm = new InstanceNorm2d({ affine: { device, channels: 1 } });
  const x = Tensor.from(device, [1, 2, 3, 6], [1, 2, 2, 1]);
  const gradOutput = Tensor.from(device, [1, 0, 0, 2], [1, 2, 2, 1]);
  scope(() => backward(norm.forward(x), gradOutput));
  const [weight, bias] = norm.parameters();
  // x has the mean 3 and the variance 3.5, so x̂ = (x − 3) / √3.5: Σ dy x̂ = (−2 + 6) / √3.5.
  expect((await weight?.grad?.data())?.[0]).toBeCloseTo(4 / Math.sqrt(3.5 + 1e-5), 5);
  expect((await bias?.grad?.data())?.[0]).toBeCloseTo(3, 6);
  for (const part of [norm, x, gradOutput]) part.dispose();
});

test('a frozen module gets no gradient but passes one on', async () => {
  const net = network();
  net.setRequiresGrad(false);
  const x = Tensor.from(
    device,
    new Float32Array(3 * 49).map((_, i) => Math.sin(i)),
    [1, 7, 7, 3],
  );
  x.requiresGrad = true;
  const gradOutput = Tensor.from(
    device,
    new Float32Array(4 * 25).map((_, i) => Math.cos(i)),
    [1, 5, 5, 4],
  );
  scope(() => backward(net.forward(x), gradOutput));
  expect(net.parameters().map(({ grad }) => grad)).toEqual(net.parameters().map(() => null));
  expect((await x.grad?.data())?.some((value) => Math.abs(value) > 1e-3)).toBe(true);

  net.setRequiresGrad(true);
  scope(() => backward(net.forward(x), gradOutput));
  const trained = [...net.namedParameters()].filter(([, { grad }]) => grad).map(([name]) => name);
  // The biases of a residual block are in front of norms: no effect, no gradient.
  expect(trained).toEqual(
    [...net.namedParameters()].map(([name]) => name).filter((name) => !/conv_block.*bias/.test(name)),
  );
  for (const part of [net, x, gradOutput]) part.dispose();
});

test('dispose returns every buffer', () => {
  const before = device.pool.use.liveBuffers;
  const net = network();
  expect(device.pool.use.liveBuffers).toBe(before + 8);
  net.dispose();
  expect(device.pool.use.liveBuffers).toBe(before);
});

test('two parts of one name are refused: a state dict would lack one', () => {
  const [one, two] = [0, 1].map(() => new Conv2d({ inChannels: 1, outChannels: 1, kernelSize: 1 }, init()));
  if (!one || !two) throw new Error('unreachable');
  const join = () =>
    new Sequential([
      ['model.1', one],
      ['model.1', two],
    ]);
  expect(join).toThrow(CyclopsError);
  expect(join).toThrow(/has a part 'model\.1' already/);
  for (const part of [one, two]) part.dispose();
});
