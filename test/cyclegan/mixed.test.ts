import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Precision } from '../../src/cyclegan/config.ts';
import { LOSS_NAMES, type Losses } from '../../src/cyclegan/losses.ts';
import { CycleGAN, type CycleGANOptions } from '../../src/cyclegan/model.ts';
import type { Device } from '../../src/gpu/device.ts';
import { exportChoices } from '../../src/kernels/tuning/choices.ts';
import { cast } from '../../src/tensor/cast.ts';
import { RandomStream, randomUniform } from '../../src/tensor/random.ts';
import { keep, scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { openPoisoned } from '../autograd/support.ts';
import { temporaryFolder } from '../cli/support.ts';
import { loadBanks } from './run/trainer-support.ts';

let device: Device;
let a: Tensor;
let b: Tensor;
beforeAll(async () => {
  device = await openPoisoned();
  const image = (stream: number) =>
    keep(scope(() => cast(randomUniform(device, [1, 24, 28, 3], { seed: 9, stream, low: -1, high: 1 }), 'f16')));
  [a, b] = [image(0), image(1)];
});
afterAll(() => device.close());

const OPTIONS: CycleGANOptions = {
  ...{ channels: 3, ngf: 4, ndf: 4, blocks: 1, discriminatorLayers: 3, ganMode: 'lsgan' },
  ...{ lambdaA: 10, lambdaB: 10, lambdaIdentity: 0.5 },
  ...{ poolSize: 2, lr: 2e-4, betas: [0.5, 0.999], discriminatorOptimisers: 'separate', precision: 'mixed', seed: 4 },
};

const build = (options: Partial<CycleGANOptions> = {}) =>
  new CycleGAN(device, { ...OPTIONS, ...options }, new RandomStream(4, 0));

/** All that a step changes. */
async function everything(model: CycleGAN) {
  const { networks, generatorOptimiser, discriminatorOptimisers, lossScaler, pools } = model;
  const { G_A, G_B, D_A, D_B } = networks;
  const modules = [G_A, G_B, D_A, D_B];
  const halves = modules.flatMap((module) => module.parameters().map(({ half }) => half!.data()));
  return {
    weights: await Promise.all(modules.map((module) => module.stateDict())),
    halves: await Promise.all(halves),
    optimisers: await Promise.all([generatorOptimiser, ...discriminatorOptimisers].map((adam) => adam.state())),
    scaler: await lossScaler!.state(),
    pools: [await pools.fakeA.state(), await pools.fakeB.state()],
    losses: await model.losses(),
  };
}

test('captured steps and steps recorded anew have the same bits, those left out among them', async () => {
  const [eager, replayed] = [build(), build()];
  // The first step makes the pools, which live on.
  for (const model of [eager, replayed]) model.step(a, b);
  const capture = device.capture(() => replayed.step(a, b));
  for (let step = 0; step < 9; step++) {
    eager.step(a, b);
    capture.replay();
  }
  const expected = await everything(eager);
  expect(await everything(replayed)).toEqual(expected);
  // The first scale is too large here, and a smaller one was found.
  expect(expected.scaler.scale).toBeLessThan(2 ** 16);
  for (const { step } of expected.optimisers) expect(step).toBeGreaterThan(0);
  expect(expected.optimisers[0]!.step).toBeLessThan(10);
  capture.dispose();
  for (const model of [eager, replayed]) model.dispose();
});

test('a step whose gradients overflow changes nothing but the pools, the losses and the scale', async () => {
  const model = build();
  model.lossScaler!.loadState({ scale: 256, goodSteps: 0 });
  model.step(a, b);
  model.lossScaler!.loadState({ scale: 2 ** 60, goodSteps: 41 });
  const before = await everything(model);
  model.step(a, b);
  const after = await everything(model);
  for (const part of ['weights', 'halves', 'optimisers'] as const) expect(after[part]).toEqual(before[part]);
  expect(after.scaler).toEqual({ scale: 2 ** 59, goodSteps: 0 });
  for (const loss of Object.values(after.losses[0]!)) expect(Number.isFinite(loss)).toBe(true);
  model.dispose();
});

test('large weights of the cycle losses are no hindrance: the scale goes as low as it must', async () => {
  const model = build({ lambdaA: 1e8, lambdaB: 1e8 });
  model.lossScaler!.loadState({ scale: 2, goodSteps: 0 });
  for (let step = 0; step < 12; step++) model.step(a, b);
  expect((await model.generatorOptimiser.state()).step).toBeGreaterThan(0);
  model.dispose();
});

test('a hundred steps on photographs come down as in f32', async () => {
  const folder = temporaryFolder();
  const banks = await loadBanks(device, folder.path('data'));
  const images = [0, 1, 2].map((i) => [banks.a.whole(i), banks.b.whole(i + 1)] as const);
  /** The sum of the eight losses, its mean over all steps but the first twenty. */
  const train = async (precision: Precision) => {
    const model = build({ precision, seed: 3 });
    // A scale at which no step is left out, so that both runs have the same length.
    model.lossScaler?.loadState({ scale: 256, goodSteps: 0 });
    const totals: number[] = [];
    for (let step = 0; step < 100; step++) {
      const [a, b] = images[step % 3]!;
      model.step(a, b);
      if (step % 20 === 19) totals.push(...(await model.losses()).map(total));
    }
    model.dispose();
    return totals.slice(20).reduce((sum, loss) => sum + loss, 0) / 80;
  };
  const [f32, mixed] = [await train('f32'), await train('mixed')];
  expect(Math.abs(mixed / f32 - 1)).toBeLessThan(0.05);
  for (const image of images.flat()) image.dispose();
  for (const bank of [banks.a, banks.b]) bank.dispose();
  folder.remove();
}, 240_000);

const total = (losses: Losses) => LOSS_NAMES.reduce((sum, name) => sum + losses[name], 0);

test('images, activations and pools are f16, in choices of kernels as well', () => {
  const { use } = device.pool;
  const before = { bytes: use.liveBytes, buffers: use.liveBuffers };
  const [mixed, f32] = [build(), build({ precision: 'f32' })];
  const choices = Object.keys(exportChoices(device, () => mixed.step(a, b)));
  expect(choices.filter((problem) => !problem.endsWith(' f16'))).toEqual([]);
  const memory = (model: CycleGAN) => {
    model.step(a, b);
    const capture = device.capture(() => model.step(a, b));
    capture.dispose();
    return { temporaries: capture.memory.bytes, pools: model.pools.fakeA.bytes };
  };
  const [half, full] = [memory(mixed), memory(f32)];
  expect(half.pools).toBe(full.pools / 2);
  expect(half.temporaries).toBeLessThan(0.7 * full.temporaries);
  for (const model of [mixed, f32]) model.dispose();
  expect({ bytes: use.liveBytes, buffers: use.liveBuffers }).toEqual(before);
});
