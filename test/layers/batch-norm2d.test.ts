import { afterAll, beforeAll, expect, test } from 'vitest';
import { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import { BatchNorm2d } from '../../src/layers/batch-norm2d.ts';
import { Sequential } from '../../src/layers/sequential.ts';
import { scope } from '../../src/tensor/scope.ts';
import { Tensor } from '../../src/tensor/tensor.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ checked: true });
});
afterAll(() => device.close());

const net = () => new Sequential([['norm', new BatchNorm2d({ device, channels: 1, momentum: 0.5, eps: 0 })]]);

test('its state has the names of PyTorch, and no optimiser trains the running statistics', async () => {
  const layer = new BatchNorm2d({ device, channels: 3 });
  expect([...(await layer.stateDict())].map(([name, { data }]) => [name, [...data]])).toEqual([
    ['weight', [1, 1, 1]],
    ['bias', [0, 0, 0]],
    ['running_mean', [0, 0, 0]],
    ['running_var', [1, 1, 1]],
  ]);
  expect([...layer.namedParameters()].map(([name]) => name)).toEqual(['weight', 'bias']);
});

test('training uses the statistics of the batch, eval the running ones', async () => {
  const layer = net();
  const x = Tensor.from(device, [1, 3], [1, 1, 2, 1]);
  const of = async () => [...(await scope(() => layer.forward(x)).data())];
  expect(await of()).toEqual([-1, 1]);
  // The mean is 2, the unbiased variance 2: half of each joins 0 and 1.
  const state = await layer.stateDict();
  expect([...state.get('norm.running_mean')!.data, ...state.get('norm.running_var')!.data]).toEqual([1, 1.5]);
  layer.eval();
  const [low, high] = await of();
  expect(low).toBe(0);
  expect(high).toBeCloseTo(2 / Math.sqrt(1.5), 6);
  expect(await of()).toEqual([low, high]);
  layer.train();
  expect(await of()).toEqual([-1, 1]);
});

test('a captured step moves them at every replay', async () => {
  const layer = net();
  const x = Tensor.from(device, [1, 3], [1, 1, 2, 1]);
  const captured = device.capture(() => scope(() => void layer.forward(x)));
  for (let i = 0; i < 3; i++) captured.replay();
  expect([...(await layer.stateDict()).get('norm.running_mean')!.data]).toEqual([1.75]);
  captured.dispose();
});

test('loads a state of PyTorch, with or without the number of batches', async () => {
  const layer = new BatchNorm2d({ device, channels: 1 });
  const entry = (value: number) => ({ shape: [1], data: [value] });
  const state = new Map([
    ['weight', entry(2)],
    ['bias', entry(3)],
    ['running_mean', entry(4)],
    ['running_var', entry(5)],
  ]);
  layer.loadStateDict(state, 'a test');
  const withCount = new Map([...state, ['num_batches_tracked', { shape: [], data: [7] }] as const]);
  layer.loadStateDict(withCount, 'a test');
  expect([...(await layer.stateDict()).values()].map(({ data }) => data[0])).toEqual([2, 3, 4, 5]);
  state.delete('running_var');
  expect(() => layer.loadStateDict(state, 'a test')).toThrow(CyclopsError);
});
