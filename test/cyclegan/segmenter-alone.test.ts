import { afterAll, beforeAll, expect, test } from 'vitest';
import { CycleGAN, type CycleGANOptions } from '../../src/cyclegan/model.ts';
import { SegmenterAlone } from '../../src/cyclegan/segmenter-alone.ts';
import type { Device } from '../../src/gpu/device.ts';
import { RandomStream, randomUniform } from '../../src/tensor/random.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { openPoisoned } from '../autograd/support.ts';
import { expectRefusal } from '../data/support.ts';

let device: Device;
beforeAll(async () => {
  device = await openPoisoned();
});
afterAll(() => device.close());

const OPTIONS: CycleGANOptions = {
  ...{ channels: 3, ngf: 4, ndf: 4, blocks: 1, discriminatorLayers: 3, netD: 'unet' },
  ...{ lambdaA: 10, lambdaB: 10, lambdaIdentity: 0.5, ganMode: 'lsgan', poolSize: 2 },
  ...{ lr: 2e-4, discriminatorRate: 5, betas: [0.5, 0.999], discriminatorOptimisers: 'shared', ema: 0.9, seed: 4 },
};

const random = (shape: number[], stream: number) => randomUniform(device, shape, { seed: 9, stream, low: -1, high: 1 });

/** Three images of either domain, and masks of which one is unknown. */
async function someDomains(stream: number) {
  const inside = (await random([3, 24, 28, 1], stream + 2).data()).map((value, i) =>
    i < 672 ? 0 : value > 0.5 ? 1 : -1,
  );
  return {
    a: random([3, 24, 28, 3], stream),
    b: random([3, 24, 28, 3], stream + 1),
    defects: Tensor.from(device, inside, [3, 24, 28, 1]),
    unmasked: true,
  };
}

test.each([1, 2])('a segmenter alone learns to the bit what it learns in a Cycle-GAN of batch %s', async (batch) => {
  const gan = new CycleGAN(device, OPTIONS, new RandomStream(4, 0));
  const alone = new SegmenterAlone(device, OPTIONS);
  const untrained = await alone.networks.D_A.stateDict();
  for (let step = 0; step < 4; step++) {
    const domains = await someDomains(10 * step);
    gan.lr = alone.lr = 1e-3 / (step + 1);
    gan.step(random([batch, 24, 28, 3], 3), random([batch, 24, 28, 3], 4), { domains });
    alone.step(domains, batch);
  }
  const [theirs, own] = [await gan.networks.D_A.stateDict(), await alone.networks.D_A.stateDict()];
  expect([...own.keys()]).toEqual([...theirs.keys()]);
  for (const [name, { data }] of own) {
    const expected = name.startsWith('patches.') ? untrained : theirs;
    expect([name, data]).toEqual([name, expected.get(name)?.data]);
    // A bias before a norm has no gradient.
    if (/^(stem|pixels)\..*weight/.test(name)) expect(data).not.toEqual(untrained.get(name)?.data);
  }
  const averageOf = async ({ averages }: Pick<CycleGAN, 'averages'>, weight: Tensor) =>
    Promise.all(averages.flatMap((of) => of.averages.get(weight)?.data() ?? []));
  const [first] = gan.networks.D_A.parameters();
  const [ownFirst] = alone.networks.D_A.parameters();
  if (!first || !ownFirst) throw new Error('no parameters');
  expect(await averageOf(alone, ownFirst)).toEqual(await averageOf(gan, first));
  const losses = await alone.losses();
  expect(losses).toHaveLength(4);
  expect(losses[0]?.D_A).toBeGreaterThan(0);
  expect({ ...losses[0], D_A: 0 }).toEqual(Object.fromEntries(Object.keys(losses[0] ?? {}).map((name) => [name, 0])));
  gan.dispose();
  alone.dispose();
});

test('has no other network, frees what it took, and must be a segmenter', async () => {
  const { use } = device.pool;
  const image = random([1, 24, 28, 3], 0);
  const before = use.liveBytes;
  const alone = new SegmenterAlone(device, OPTIONS);
  expect(use.liveBytes).toBeGreaterThan(before);
  expectRefusal(() => alone.networks.G_A.forward(image), 'has no G_A');
  alone.dispose();
  expect(use.liveBytes).toBe(before);
  expectRefusal(() => new SegmenterAlone(device, { ...OPTIONS, netD: 'patch' }), '--netD unet');
});
