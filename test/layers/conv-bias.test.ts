import { afterAll, beforeAll, expect, test } from 'vitest';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import type { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import { ConvTranspose2d } from '../../src/layers/conv-transpose2d.ts';
import { Conv2d } from '../../src/layers/conv2d.ts';
import { normalInitialiser } from '../../src/layers/init.ts';
import { scope } from '../../src/tensor/scope.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { expectClose, leaf, openPoisoned } from '../autograd/support.ts';
import { random } from '../oracles/compare.ts';

let device: Device;
beforeAll(async () => {
  device = await openPoisoned();
});
afterAll(() => device.close());

const init = () => normalInitialiser(device, { seed: 1, stream: 0 });
const sizes = { inChannels: 3, outChannels: 5, kernelSize: 2 };

const layers = [
  ['Conv2d', Conv2d, [5, 3, 2, 2]],
  ['ConvTranspose2d', ConvTranspose2d, [3, 5, 2, 2]],
] as const;

test.each(layers)(
  '%s without a bias has none in its state, and the weight that it has with one',
  async (_, Layer, shape) => {
    const layer = new Layer({ ...sizes, bias: false }, init());
    expect(layer.bias).toBeNull();
    const state = await layer.stateDict();
    expect([...state].map(([name, tensor]) => [name, tensor.shape])).toEqual([['weight', shape]]);
    const withBias = await new Layer({ ...sizes, bias: true }, init()).stateDict();
    expect([...withBias.keys()]).toEqual(['weight', 'bias']);
    expect(state.get('weight')).toEqual(withBias.get('weight'));
    expect(() => layer.loadStateDict(withBias, 'a test')).toThrow(/'bias', which this network does not have/);
  },
);

test.each(layers)('%s without a bias computes what one with a bias of 0 does', async (_, Layer) => {
  const [bare, biased] = [false, true].map((bias) => new Layer({ ...sizes, bias }, init()));
  const x = Tensor.from(device, random(2 * 4 * 5 * 3), [2, 4, 5, 3]);
  const of = async (layer: Conv2d | ConvTranspose2d) => (await scope(() => layer.forward(x)).data()) as Float32Array;
  const expected = await of(biased!);
  expect(expected.some((value) => value !== 0)).toBe(true);
  expectClose(await of(bare!), expected);
  biased!.bias!.upload(new Float32Array(5).fill(1));
  expectClose(
    (await of(biased!)).map((value) => value - 1),
    await of(bare!),
    // Beside 1 the sums of about 0.1 have a few digits less.
    1e-4,
  );
});

test.each(layers)('the gradients of %s without a bias are those of differences', async (_, Layer) => {
  const layer = new Layer({ ...sizes, bias: false }, init());
  layer.weight.upload(random(layer.weight.size));
  await gradcheck((x) => layer.forward(x!), [leaf(device, random(2 * 3 * 4 * 3), [2, 3, 4, 3]), layer.weight]);
});

test.each(layers)('%s refuses a bias that is dead and not there, and one that is neither', (_, Layer) => {
  expect(() => new Layer({ ...sizes, bias: false, deadBias: true }, init())).toThrow(CyclopsError);
  expect(() => new Layer({ ...sizes, bias: false, deadBias: true }, init())).toThrow(/not both/);
  // @ts-expect-error
  expect(() => new Layer({ ...sizes, bias: 'none' }, init())).toThrow(
    /bias of Conv.*must be true or false; got 'none'/,
  );
});
