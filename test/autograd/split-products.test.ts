import { afterAll, beforeAll, expect, test } from 'vitest';
import { isSplitting, splitProducts } from '../../src/autograd/split-products.ts';
import { CycleGAN, type CycleGANOptions } from '../../src/cyclegan/model.ts';
import { Device } from '../../src/gpu/device.ts';
import { CyclopsError, UnsupportedError } from '../../src/gpu/errors.ts';
import { RandomStream } from '../../src/tensor/random.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ portable: true });
});
afterAll(() => device.close());

const LACKS = /split for matrix hardware, of which .* offers none that the kernels can use here: subgroup matrices/;

test('a device without matrices is refused, and nothing runs', () => {
  let ran = false;
  const body = () => {
    ran = true;
  };
  expect(() => splitProducts(device, body)).toThrow(UnsupportedError);
  expect(() => splitProducts(device, body)).toThrow(LACKS);
  expect([ran, isSplitting(device)]).toEqual([false, false]);
});

test('so are a closed device, none at all, and a body that cannot run', async () => {
  const closed = await Device.open({ portable: true });
  closed.close();
  expect(() => splitProducts(closed, () => {})).toThrow(CyclopsError);
  expect(() => splitProducts(undefined as never, () => {})).toThrow(/splitProducts needs a Device; got undefined/);
  expect(() => splitProducts(device, 7 as never)).toThrow(/splitProducts takes a function to run; got 7/);
});

test('so is a model that is to be trained so', () => {
  const { use } = device.pool;
  const before = use.liveBytes;
  const options: CycleGANOptions = {
    ...{ channels: 3, ngf: 4, ndf: 4, blocks: 1, discriminatorLayers: 3, ganMode: 'lsgan', lambdaA: 10, lambdaB: 10 },
    ...{ lambdaIdentity: 0.5, poolSize: 2, lr: 2e-4, betas: [0.5, 0.999], discriminatorOptimisers: 'shared', seed: 4 },
    precision: 'split',
  };
  expect(() => new CycleGAN(device, options, new RandomStream(4, 0))).toThrow(LACKS);
  expect(use.liveBytes).toBe(before);
});
