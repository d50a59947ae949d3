import { afterAll, beforeAll, expect, test } from 'vitest';
import { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import { normalInitialiser } from '../../src/layers/init.ts';
import { Linear } from '../../src/layers/linear.ts';
import { Tensor } from '../../src/tensor/tensor.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ checked: true });
});
afterAll(() => device.close());

const init = () => normalInitialiser(device, { seed: 1, stream: 0 });

test('its state has the names and shapes of PyTorch, and says what it computes', async () => {
  const layer = new Linear({ inFeatures: 2, outFeatures: 3 }, init());
  expect([...(await layer.stateDict())].map(([name, { shape }]) => [name, shape])).toEqual([
    ['weight', [3, 2]],
    ['bias', [3]],
  ]);
  const state = { weight: [1, 2, 3, 4, 5, 6], bias: [10, 20, 30] };
  layer.loadStateDict(
    new Map([
      ['weight', { shape: [3, 2], data: state.weight }],
      ['bias', { shape: [3], data: state.bias }],
    ]),
    'a test',
  );
  expect([...(await layer.forward(Tensor.from(device, [1, -1], [1, 2])).data())]).toEqual([9, 19, 29]);
});

test('without a bias it has none', () => {
  const layer = new Linear({ inFeatures: 2, outFeatures: 3, bias: false }, init());
  expect([...layer.namedParameters()].map(([name]) => name)).toEqual(['weight']);
});

test('refuses no features', () => {
  expect(() => new Linear({ inFeatures: 0, outFeatures: 3 }, init())).toThrow(CyclopsError);
});
