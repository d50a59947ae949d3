import { afterAll, beforeAll, expect, test } from 'vitest';
import { CycleGAN, type CycleGANOptions } from '../../src/cyclegan/model.ts';
import type { Device } from '../../src/gpu/device.ts';
import { offersSplit } from '../../src/kernels/conv2d/matrix-tile.ts';
import { exportChoices } from '../../src/kernels/tuning/choices.ts';
import { RandomStream, randomUniform } from '../../src/tensor/random.ts';
import { keep, scope } from '../../src/tensor/scope.ts';
import { openPoisoned } from '../autograd/support.ts';

let device: Device;
beforeAll(async () => {
  device = await openPoisoned();
});
afterAll(() => device.close());

const OPTIONS: CycleGANOptions = {
  ...{ channels: 3, ngf: 4, ndf: 4, blocks: 1, discriminatorLayers: 3, ganMode: 'lsgan' },
  ...{ lambdaA: 10, lambdaB: 10, lambdaIdentity: 0.5 },
  ...{ poolSize: 2, lr: 2e-4, betas: [0.5, 0.999], discriminatorOptimisers: 'separate', precision: 'split', seed: 4 },
};

test('products are split in a step, with the same bits recorded anew and captured', async ({ skip }) => {
  skip(!offersSplit(device), 'this device offers no matrices for it');
  const image = (stream: number) =>
    keep(scope(() => randomUniform(device, [1, 24, 28, 3], { seed: 9, stream, low: -1, high: 1 })));
  const [a, b] = [image(0), image(1)];
  const [eager, replayed] = [OPTIONS, OPTIONS].map((options) => new CycleGAN(device, options, new RandomStream(4, 0)));
  const models = [eager!, replayed!];
  const choices = Object.entries(exportChoices(device, () => eager!.step(a, b)));
  const convolutions = choices.filter(([problem]) => problem.startsWith('conv2d'));
  expect(convolutions.filter(([problem]) => !problem.endsWith(' f32 split'))).toEqual([]);
  expect(convolutions.filter(([, variant]) => variant.endsWith('_split')).length).toBeGreaterThan(0);
  // The first step makes the pools, which live on.
  for (const model of models) model.step(a, b);
  const capture = device.capture(() => replayed!.step(a, b));
  for (let step = 0; step < 3; step++) {
    eager!.step(a, b);
    capture.replay();
  }
  const [expected, found] = await Promise.all(
    models.map(async (model) => [await model.losses(), await model.networks.G_A.stateDict()]),
  );
  expect(found).toEqual(expected);
  capture.dispose();
  for (const disposable of [a, b, ...models]) disposable.dispose();
}, 300_000);
