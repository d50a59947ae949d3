import { afterAll, beforeAll, expect, test } from 'vitest';
import { Device } from '../../../src/gpu/device.ts';
import { instanceNormForward } from '../../../src/kernels/instance-norm/forward.ts';
import { Tensor } from '../../../src/tensor/tensor.ts';
import { poison, random, worst } from '../../oracles/compare.ts';
import * as oracle from '../../oracles/instance-norm.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ checked: true });
});
afterAll(() => device.close());

test.each(instanceNormForward.variants)(
  '$name keeps its digits when |mean| is 10,000 times the deviation',
  async (variant) => {
    const shape = [1, 700, 8] as const;
    const size = 700 * 8;
    const x = Float32Array.from(random(size), (v) => 10000 + v);
    const ones = new Float32Array(8).fill(1);
    const expected = oracle.instanceNorm(shape, x, ones, new Float32Array(8), x, oracle.activations.none);
    const problem = { n: 1, pixels: 700, channels: 8, dtype: 'f32' as const };
    const y = Tensor.from(device, poison(size), [size]);
    const stats = Tensor.from(device, poison(16), [16]);
    variant.launch(device, problem, {
      ...{ eps: 1e-5, activation: 'none', affine: null },
      x: Tensor.from(device, x, [size]).slice,
      residual: null,
      stats: stats.slice,
      y: y.slice,
    });
    // The mean, which is rounded when its parts are merged too, is only known to two ulps of 10,000: 0.002 of the largest value, 1.
    expect(worst(await y.data(), expected.y)).toBeLessThan(2e-3);
  },
);
