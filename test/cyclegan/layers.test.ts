import { afterAll, beforeAll, expect, test } from 'vitest';
import { CycleGAN } from '../../src/cyclegan/model.ts';
import { Device } from '../../src/gpu/device.ts';
import type { Launch } from '../../src/gpu/launch.ts';
import { randomUniform } from '../../src/tensor/random.ts';

let device: Device;
let model: CycleGAN;
let launches: readonly Launch[];
beforeAll(async () => {
  device = await Device.open({ checked: true });
  const sizes = { channels: 3, ngf: 4, ndf: 4, blocks: 2, discriminatorLayers: 3, poolSize: 2 };
  const losses = { lambdaA: 10, lambdaB: 10, lambdaIdentity: 0.5, ganMode: 'lsgan' } as const;
  const adam = { lr: 1e-3, betas: [0.5, 0.999], discriminatorOptimisers: 'shared' } as const;
  model = new CycleGAN(device, { ...sizes, ...losses, ...adam, seed: 1 }, { uniform: () => 0 });
  const [a, b] = [0, 1].map((stream) => randomUniform(device, [1, 24, 24, 3], { seed: 2, stream, low: -1, high: 1 }));
  if (!a || !b) throw new Error('unreachable');
  launches = device.trace(() => model.step(a, b)).launches;
});
afterAll(() => device.close());

/** The layers of all launches whose label fits, in one of the passes. */
function layersOf(label: RegExp, pass: 'forward' | 'backward'): Set<string> {
  return new Set(
    launches.flatMap(({ label: name, layer }) => (label.test(name) && layer?.pass === pass ? [layer.path] : [])),
  );
}

test('convolutions run in the layers that their weights are named after, forward and backward', () => {
  const expected = Object.entries(model.networks).flatMap(([network, module]) =>
    [...module.namedParameters()].flatMap(([name]) =>
      name.endsWith('.weight') ? [`${network}.${name.slice(0, -'.weight'.length)}`] : [],
    ),
  );
  expect(expected).toContain('G_A.model.11.conv_block.5');
  const convolution = /^conv2d\.(forward|inputGrad)$/;
  expect([...layersOf(convolution, 'forward')].sort()).toEqual([...expected].sort());
  expect([...layersOf(/^conv2d\.weightGrad$/, 'backward')].sort()).toEqual([...expected].sort());
  expect(layersOf(/^conv2d\.weightGrad$/, 'forward').size).toBe(0);
});

test('norms are named as in the reference, and what belongs to no network has no layer', () => {
  const block = ['G_A.model.10.conv_block.2', 'G_A.model.10.conv_block.6'];
  const norms = layersOf(/^instanceNorm/, 'forward');
  expect([...norms].filter((name) => name.startsWith('G_A.model.10.'))).toEqual(block);
  expect(layersOf(/^instanceNorm/, 'backward')).toEqual(norms);
  expect([...norms].filter((name) => name.startsWith('D_B.'))).toEqual(['D_B.model.3', 'D_B.model.6', 'D_B.model.9']);
  const within = new Set(launches.flatMap(({ label, layer }) => (layer ? [label] : [])));
  const outside = new Set(launches.flatMap(({ label, layer }) => (layer ? [] : [label])));
  expect([...outside].filter((label) => /^(conv2d|instanceNorm)/.test(label))).toEqual([]);
  for (const label of ['adam', 'exchange', 'gatherScalars']) {
    expect(outside).toContain(label);
    expect(within).not.toContain(label);
  }
});
