import { afterAll, beforeAll, expect, test } from 'vitest';
import { readManifest } from '../../src/cli/verify/golden.ts';
import { verifyNets } from '../../src/cli/verify/nets.ts';
import { passes } from '../../src/cli/verify/tolerance.ts';
import {
  discriminatorParameters,
  generatorParameters,
  patchDiscriminator,
  resnetGenerator,
} from '../../src/cyclegan/networks.ts';
import { byName, list, object, whole } from '../../src/data/files/schema.ts';
import type { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import type { Module } from '../../src/layers/module.ts';
import { randomNormal } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import { openPoisoned } from '../autograd/support.ts';

let device: Device;
beforeAll(async () => {
  device = await openPoisoned();
});
afterAll(() => device.close());

const golden = new URL('../golden/nets', import.meta.url).pathname;
const start = { channels: 3, seed: 1, stream: 0 };
const count = (net: Module) => net.parameters().reduce((sum, { size }) => sum + size, 0);

test('generator and discriminator reproduce the reference: output, loss, every gradient', async () => {
  const findings = [];
  for await (const finding of verifyNets(device, golden)) findings.push(finding);
  const checks = findings.flatMap((finding) => ('error' in finding ? [finding] : []));
  expect(checks).toHaveLength(15);
  expect(checks.filter((check) => !passes(check))).toEqual([]);
}, 120_000);

test('state dicts have exactly the names and shapes of the reference', async () => {
  const shapes = async (net: Module) =>
    Object.fromEntries([...(await net.stateDict())].map(([name, { shape }]) => [name, shape]));
  const keys = (name: string) => readManifest(object({ keys: byName(list(whole())) }), golden, `${name}.json`).keys;
  const generator = resnetGenerator(device, { ...start, ngf: 8, blocks: 6 });
  const discriminator = patchDiscriminator(device, { ...start, ndf: 8, layers: 3 });
  expect(await shapes(generator)).toEqual(keys('resnet_6blocks_40x56'));
  expect(await shapes(discriminator)).toEqual(keys('patchgan_n3_64x64'));
  generator.dispose();
  discriminator.dispose();
});

test('full-size networks have the number of parameters that the method states', () => {
  const networks = [
    resnetGenerator(device, { ...start, ngf: 64, blocks: 9 }),
    resnetGenerator(device, { ...start, ngf: 64, blocks: 6 }),
    patchDiscriminator(device, { ...start, ndf: 64, layers: 3 }),
  ];
  expect(networks.map(count)).toEqual([11_378_179, 7_837_699, 2_764_737]);
  for (const net of networks) net.dispose();
});

test.each([
  [1, 64, 64, 3, [6, 6]],
  [3, 256, 256, 3, [30, 30]],
  [3, 24, 40, 3, [1, 3]],
  [1, 24, 64, 2, [4, 14]],
  [1, 24, 64, 1, [10, 30]],
])(
  'a discriminator of %i channels judges %i × %i px, halved %i times, in %j patches',
  (channels, h, w, layers, patches) => {
    const net = patchDiscriminator(device, { ...start, channels, ndf: 4, layers });
    const x = randomNormal(device, [2, h, w, channels], { seed: 1, stream: 0, mean: 0, std: 1 });
    const map = scope(() => net.forward(x));
    expect(map.shape).toEqual([2, ...patches, 1]);
    for (const part of [net, x, map]) part.dispose();
  },
);

test.each([1, 2, 3])('a discriminator of %i halvings says which pixels each output sees', async (layers) => {
  const net = patchDiscriminator(device, { ...start, channels: 1, ndf: 4, layers });
  const { field, hiddenFields } = net;
  expect([field.size, field.stride]).toEqual([[16, 34, 70][layers - 1], 2 ** layers]);
  const side = 64;
  const maps = scope(() => {
    const x = randomNormal(device, [1, side, side, 1], { seed: 1, stream: 0, mean: 0, std: 1 });
    const hidden = net.hidden(x);
    return [...hidden, net.judge(hidden)];
  });
  expect(maps).toHaveLength(hiddenFields.length + 1);
  // Padding is the same on all sides, so the fields of a map lie as far from the left border as from the right.
  for (const [i, { stride, offset }] of [...hiddenFields, field].entries()) {
    expect(offset + (stride * ((maps[i]?.shape[2] ?? 0) - 1)) / 2).toBe((side - 1) / 2);
  }
  for (const part of [net, ...maps]) part.dispose();
});

test.each([
  [1, 8, 12],
  [3, 36, 20],
])('a generator of %i channels keeps %i × %i px and stays within (−1, 1)', async (channels, h, w) => {
  const net = resnetGenerator(device, { ...start, channels, ngf: 4, blocks: 1 });
  const x = randomNormal(device, [2, h, w, channels], { seed: 1, stream: 0, mean: 0, std: 1 });
  const y = scope(() => net.forward(x));
  expect(y.shape).toEqual(x.shape);
  const values = await y.data();
  expect(values.every((value) => Math.abs(value) < 1)).toBe(true);
  expect(values.some((value) => Math.abs(value) > 1e-3)).toBe(true);
  for (const part of [net, x, y]) part.dispose();
});

test('parameters are counted without making the network', () => {
  // The sizes of the paper's networks.
  expect(generatorParameters({ channels: 3, ngf: 64, blocks: 9 })).toBe(11_378_179);
  expect(discriminatorParameters({ channels: 3, ndf: 64, layers: 3 })).toBe(2_764_737);
  const generator = resnetGenerator(device, { ...start, channels: 1, ngf: 6, blocks: 2 });
  expect(generatorParameters({ channels: 1, ngf: 6, blocks: 2 })).toBe(count(generator));
  generator.dispose();
  for (const layers of [1, 2, 3, 4]) {
    const discriminator = patchDiscriminator(device, { ...start, channels: 1, ndf: 5, layers });
    expect(discriminatorParameters({ channels: 1, ndf: 5, layers })).toBe(count(discriminator));
    discriminator.dispose();
  }
});

test('sizes that do not fit are refused with the size and the remedy', () => {
  const generator = resnetGenerator(device, { ...start, ngf: 4, blocks: 1 });
  const discriminator = patchDiscriminator(device, { ...start, ndf: 4, layers: 3 });
  const live = device.pool.use.liveBuffers;
  const run =
    (net: Module, ...shape: number[]) =>
    () =>
      scope(() => net.forward(randomNormal(device, shape, { seed: 1, stream: 0, mean: 0, std: 1 })));
  expect(run(generator, 1, 66, 64, 3)).toThrow(CyclopsError);
  expect(run(generator, 1, 66, 64, 3)).toThrow(/multiples of 4 .*66 × 64 px.*(64|68) × 64 px/);
  expect(run(generator, 1, 4, 64, 3)).toThrow(/at least 8 px.*4 × 64 px/);
  expect(run(generator, 1, 64, 64, 1)).toThrow(CyclopsError);
  expect(run(discriminator, 1, 24, 23, 3)).toThrow(/at least 24 px.*24 × 23 px/);
  expect(run(discriminator, 24, 24, 3)).toThrow(CyclopsError);
  expect(device.pool.use.liveBuffers).toBe(live);
  generator.dispose();
  discriminator.dispose();
});

test('first weights are N(0, 0.02), the same for one seed and stream and different for others', async () => {
  const weights = async (seed: number, stream: number) => {
    const net = patchDiscriminator(device, { ...start, ndf: 16, layers: 3, seed, stream });
    const dict = await net.stateDict();
    net.dispose();
    return dict;
  };
  const dict = await weights(1, 0);
  for (const [name, { data }] of dict) {
    if (name.endsWith('bias')) expect(data).toEqual(new Float32Array(data.length));
  }
  const largest = dict.get('model.8.weight')?.data ?? new Float32Array();
  const mean = largest.reduce((sum, w) => sum + w, 0) / largest.length;
  const std = Math.sqrt(largest.reduce((sum, w) => sum + (w - mean) ** 2, 0) / largest.length);
  // 131 072 draws: the mean has the deviation 5.5e-5, the standard deviation 3.9e-5.
  expect(Math.abs(mean)).toBeLessThan(3e-4);
  expect(Math.abs(std - 0.02)).toBeLessThan(2e-4);

  expect(await weights(1, 0)).toEqual(dict);
  const first = ({ data }: { data: Float32Array } = { data: new Float32Array() }) => [...data.slice(0, 8)];
  const others = [await weights(2, 0), await weights(1, 1)].map((other) => other.get('model.0.weight'));
  for (const values of [...others, dict.get('model.2.weight')].map(first)) {
    expect(values).not.toEqual(first(dict.get('model.0.weight')));
  }
});

test('sizes and streams that cannot be are refused at once, whatever the number', () => {
  for (const value of [-1, 0.5, Number.NaN, Infinity]) {
    const made: [name: string, make: () => unknown][] = [
      ['channels', () => resnetGenerator(device, { ...start, ngf: 4, blocks: 1, channels: value })],
      ['ngf', () => resnetGenerator(device, { ...start, ngf: value, blocks: 1 })],
      ['blocks', () => resnetGenerator(device, { ...start, ngf: 4, blocks: value })],
      ['ndf', () => patchDiscriminator(device, { ...start, ndf: value, layers: 1 })],
      ['layers', () => patchDiscriminator(device, { ...start, ndf: 4, layers: value })],
      ['stream', () => patchDiscriminator(device, { ...start, ndf: 4, layers: 1, stream: value })],
    ];
    for (const [name, make] of made) {
      expect(make, name).toThrow(CyclopsError);
      expect(make).toThrow(new RegExp(`The ${name} of a .* must be a whole number from \\d.*; got ${value}`));
    }
  }
});
