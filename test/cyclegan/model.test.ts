import { afterAll, beforeAll, expect, test } from 'vitest';
import { passes } from '../../src/cli/verify/tolerance.ts';
import { verifyTrain } from '../../src/cli/verify/train.ts';
import { CycleGAN, type CycleGANOptions } from '../../src/cyclegan/model.ts';
import { isSegmenting } from '../../src/cyclegan/unet-discriminator.ts';
import type { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import type { StateDict } from '../../src/layers/module.ts';
import { RandomStream, randomUniform } from '../../src/tensor/random.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { openPoisoned } from '../autograd/support.ts';

let device: Device;
let images: Tensor[];
beforeAll(async () => {
  device = await openPoisoned();
  images = [0, 1, 2, 3].map((stream) => randomUniform(device, [1, 24, 28, 3], { seed: 9, stream, low: -1, high: 1 }));
});
afterAll(() => device.close());

const OPTIONS: CycleGANOptions = {
  channels: 3,
  ngf: 4,
  ndf: 4,
  blocks: 1,
  discriminatorLayers: 3,
  lambdaA: 10,
  lambdaB: 10,
  lambdaIdentity: 0.5,
  ganMode: 'lsgan',
  poolSize: 2,
  lr: 2e-4,
  betas: [0.5, 0.999],
  discriminatorOptimisers: 'shared',
  seed: 4,
};

function build(options: Partial<CycleGANOptions> = {}): CycleGAN {
  return new CycleGAN(device, { ...OPTIONS, ...options }, new RandomStream(4, 0));
}

/** Steps over the images in turn. */
function train(model: CycleGAN, steps: number): void {
  for (let step = 0; step < steps; step++) {
    const [a, b] = [images[step % 4], images[(step + 1) % 4]];
    if (a && b) model.step(a, b);
  }
}

async function weights({ networks }: CycleGAN): Promise<Record<string, StateDict>> {
  const { G_A, G_B, D_A, D_B } = networks;
  return {
    G_A: await G_A.stateDict(),
    G_B: await G_B.stateDict(),
    D_A: await D_A.stateDict(),
    D_B: await D_B.stateDict(),
  };
}

test('follows the reference: one step from a run in progress, and five of batch 2 with BCE and a pool', async () => {
  const checks = [];
  for await (const check of verifyTrain(device, new URL('../golden/train', import.meta.url).pathname))
    checks.push(check);
  expect(checks).toHaveLength(9 + 5);
  expect(checks.filter((check) => !passes(check))).toEqual([]);
}, 120_000);

test('memory is the same after every step once the pools are full, and all of it comes back', () => {
  const { use } = device.pool;
  const before = { bytes: use.liveBytes, buffers: use.liveBuffers };
  const model = build({ poolSize: 1 });
  train(model, 2);
  const live = { bytes: use.liveBytes, buffers: use.liveBuffers, created: use.created };
  for (let step = 0; step < 3; step++) {
    train(model, 1);
    expect({ bytes: use.liveBytes, buffers: use.liveBuffers, created: use.created }).toEqual(live);
  }
  model.dispose();
  expect({ bytes: use.liveBytes, buffers: use.liveBuffers }).toEqual(before);
});

test('a step that fails frees what it made', () => {
  const model = build();
  const live = device.pool.use.liveBuffers;
  const odd = randomUniform(device, [1, 26, 28, 3], { seed: 1, stream: 0, low: -1, high: 1 });
  expect(() => model.step(odd, odd)).toThrow(CyclopsError);
  odd.dispose();
  expect(device.pool.use.liveBuffers).toBe(live);
  model.dispose();
});

test('the same seed gives the same bits, another seed does not', async () => {
  const [one, two, other] = [build(), build(), build({ seed: 5 })];
  for (const model of [one, two, other]) train(model, 4);
  expect(await weights(two)).toEqual(await weights(one));
  expect(await two.losses()).toEqual(await one.losses());
  expect((await weights(other)).G_A).not.toEqual((await weights(one)).G_A);
  for (const model of [one, two, other]) model.dispose();
});

test('one Adam for each discriminator gives the same bits as one for both', async () => {
  const [shared, separate] = [build(), build({ discriminatorOptimisers: 'separate' })];
  expect([shared, separate].map(({ discriminatorOptimisers }) => discriminatorOptimisers.length)).toEqual([1, 2]);
  for (const model of [shared, separate]) train(model, 3);
  expect(await weights(separate)).toEqual(await weights(shared));
  shared.dispose();
  separate.dispose();
});

test('without identity weight the identity losses are 0, their passes are saved, the rest is as before', async () => {
  const [withIt, without] = [build(), build({ lambdaIdentity: 0 })];
  const work = (model: CycleGAN) =>
    device.trace(() => train(model, 1)).launches.reduce((sum, { flops }) => sum + flops, 0);
  // Two of six passes of a generator, next to those of the discriminators.
  expect(work(without)).toBeLessThan(0.8 * work(withIt));
  for (const model of [withIt, without]) train(model, 1);
  const [a] = await withIt.losses();
  const [b] = await without.losses();
  expect(a?.idt_A).toBeGreaterThan(0);
  expect(b).toEqual({ ...a, idt_A: 0, idt_B: 0 });
  withIt.dispose();
  without.dispose();
});

test('λ scale their own losses and only those', async () => {
  const first = async (options: Partial<CycleGANOptions>) => {
    const model = build(options);
    train(model, 1);
    const [losses] = await model.losses();
    model.dispose();
    if (!losses) throw new Error('no losses');
    return losses;
  };
  const base = await first({});
  const scaled = await first({ lambdaA: 5, lambdaB: 30 });
  expect(scaled.cycle_A / base.cycle_A).toBeCloseTo(0.5, 5);
  expect(scaled.cycle_B / base.cycle_B).toBeCloseTo(3, 5);
  // idt_A compares images of B, idt_B images of A.
  expect(scaled.idt_A / base.idt_A).toBeCloseTo(3, 5);
  expect(scaled.idt_B / base.idt_B).toBeCloseTo(0.5, 5);
  expect([scaled.G_A, scaled.G_B, scaled.D_A, scaled.D_B]).toEqual([base.G_A, base.G_B, base.D_A, base.D_B]);
});

test.each(['lsgan', 'vanilla'] as const)(
  'discriminators learn to tell the domains apart from further images: %s',
  async (ganMode) => {
    const [a, b] = images;
    if (!a || !b) throw new Error('no images');
    // Two of A as [2, …] and two of B, neither of them what the step translates.
    const domains = {
      a: randomUniform(device, [2, 24, 28, 3], { seed: 10, stream: 0, low: -1, high: 1 }),
      b: randomUniform(device, [2, 24, 28, 3], { seed: 10, stream: 1, low: -1, high: 1 }),
    };
    const [plain, model] = [build({ ganMode }), build({ ganMode })];
    // What the losses should grow by, from the untrained networks' maps: ½ (own called real + other called fake), for each pair of images.
    const mean = async (discriminator: 'D_A' | 'D_B', shown: Tensor, label: 0 | 1) => {
      const logits = await plain.networks[discriminator].forward(shown).data();
      const term = (logit: number) =>
        ganMode === 'lsgan' ? (logit - label) ** 2 : Math.log(1 + Math.exp(label === 1 ? -logit : logit));
      return logits.reduce((sum, logit) => sum + term(logit), 0) / logits.length;
    };
    const more = {
      D_A: (await mean('D_A', domains.b, 1)) + (await mean('D_A', domains.a, 0)),
      D_B: (await mean('D_B', domains.a, 1)) + (await mean('D_B', domains.b, 0)),
    };
    plain.step(a, b);
    model.step(a, b, { domains });
    const [[without], [withIt]] = [await plain.losses(), await model.losses()];
    if (!without || !withIt) throw new Error('no losses');
    expect(withIt.D_A - without.D_A).toBeCloseTo(more.D_A, 4);
    expect(withIt.D_B - without.D_B).toBeCloseTo(more.D_B, 4);
    expect({ ...withIt, D_A: 0, D_B: 0 }).toEqual({ ...without, D_A: 0, D_B: 0 });
    // The generators are stepped before the discriminators, and so as without it.
    const [learnt, others] = [await weights(model), await weights(plain)];
    expect(learnt.G_A).toEqual(others.G_A);
    expect(learnt.D_A).not.toEqual(others.D_A);
    expect(learnt.D_B).not.toEqual(others.D_B);
    for (const each of [plain, model, domains.a, domains.b]) each.dispose();
  },
);

test('a segmenter among the discriminators learns from further images and their masks alone, and D_B as without them', async () => {
  const [a, b] = images;
  if (!a || !b) throw new Error('no images');
  const uniform = (shape: number[], stream: number) =>
    randomUniform(device, shape, { seed: 10, stream, low: -1, high: 1 });
  const inside = (await uniform([2, 24, 28, 1], 2).data()).map((value) => (value > 0.5 ? 1 : -1));
  const defectsOfBoth = Tensor.from(device, inside, [2, 24, 28, 1]);
  const domains = { a: uniform([2, 24, 28, 3], 0), b: uniform([2, 24, 28, 3], 1), defects: defectsOfBoth };
  const [plain, model] = [build({ netD: 'unet' }), build({ netD: 'unet' })];
  const { D_A } = plain.networks;
  if (!isSegmenting(D_A)) throw new Error('no segmenter');
  const pixels = async (of: Tensor) => D_A.pixels(D_A.hidden(of)).data();
  const cross = (logits: Float32Array, target: (i: number) => number) =>
    logits.reduce((sum, logit, i) => sum + Math.log1p(Math.exp(logit)) - target(i) * logit, 0) / logits.length;
  const defects = await domains.defects.data();
  const ofNormal = cross(await pixels(domains.b), () => 1);
  const ofAbnormal = cross(await pixels(domains.a), (i) => 0.5 - (defects[i] ?? 0) / 2);
  plain.step(a, b);
  model.step(a, b, { domains });
  const [[without], [withIt]] = [await plain.losses(), await model.losses()];
  if (!without || !withIt) throw new Error('no losses');
  // Two images weigh twice.
  expect(withIt.D_A - without.D_A).toBeCloseTo(ofNormal + ofAbnormal, 4);
  expect({ ...withIt, D_A: 0 }).toEqual({ ...without, D_A: 0 });
  const [learnt, others] = [await weights(model), await weights(plain)];
  expect(learnt.D_A).not.toEqual(others.D_A);
  expect(() => model.step(a, b, { domains: { a: domains.a, b: domains.b } })).toThrow(
    /where defects are; got no masks/,
  );
  for (const each of [plain, model, ...Object.values(domains)]) each.dispose();
});

test('pairs of a made defect and its normal image add a ninth loss, which G_A alone learns from', async () => {
  const [a, b] = images;
  if (!a || !b) throw new Error('no images');
  const [plain, model] = [build(), build({ lambdaPaired: 7 })];
  const [made, repaired, normal] = [await a.data(), await plain.networks.G_A.forward(a).data(), await b.data()];
  expect(made).toHaveLength(normal.length);
  const distance = repaired.reduce((sum, value, i) => sum + Math.abs(value - (normal[i] ?? 0)), 0) / normal.length;
  plain.step(a, b);
  model.step(a, b, { pairs: { a, b } });
  const [[without], [withIt]] = [await plain.losses(), await model.losses()];
  expect(without).not.toHaveProperty('paired');
  expect(withIt?.paired).toBeCloseTo(7 * distance, 4);
  expect({ ...withIt, paired: 0 }).toEqual({ ...without, paired: 0 });
  const [learnt, others] = [await weights(model), await weights(plain)];
  expect(learnt.G_A).not.toEqual(others.G_A);
  expect(learnt.G_B).toEqual(others.G_B);
  for (const each of [plain, model]) each.dispose();
});

test('discriminators may learn at a rate of their own', async () => {
  const [plain, model] = [build({ lr: 1e-3 }), build({ lr: 1e-3, discriminatorRate: 0 })];
  const before = await weights(model);
  for (const each of [plain, model]) {
    each.lr = 1e-3;
    train(each, 1);
  }
  const [learnt, others] = [await weights(model), await weights(plain)];
  expect(learnt.D_A).toEqual(before.D_A);
  expect(learnt.D_B).toEqual(before.D_B);
  expect(learnt.G_A).toEqual(others.G_A);
  for (const each of [plain, model]) each.dispose();
});

test('a learning rate of 0 stops every network', async () => {
  const model = build();
  train(model, 1);
  const before = await weights(model);
  model.lr = 0;
  train(model, 2);
  expect(await weights(model)).toEqual(before);
  model.dispose();
});
