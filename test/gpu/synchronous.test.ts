import { afterAll, beforeAll, expect, test } from 'vitest';
import { noGrad } from '../../src/autograd/tape.ts';
import { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import { scope } from '../../src/tensor/scope.ts';
import { Tensor } from '../../src/tensor/tensor.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ checked: true });
});
afterAll(() => device.close());

const soon = async (): Promise<void> => {
  await null;
  throw new Error('nobody hears this');
};

test.each<[string, (body: () => Promise<void>) => unknown]>([
  ['scope', scope],
  ['noGrad', noGrad],
  ['a traced or captured step', (body) => device.capture(body)],
  ['a traced or captured step', (body) => device.trace(body)],
  ['within', (body) => device.within('part', body)],
  ['eachStep', (body) => device.eachStep(body)],
])('%s refuses a body that returns a promise', (name, run) => {
  expect(() => run(soon)).toThrow(CyclopsError);
  expect(() => run(soon)).toThrow(`The body of ${name} returned a promise, but ${name} ends when its body returns`);
  // Nothing of it stays behind.
  expect(device.layer).toBeNull();
});

test('a profile refuses one too', async () => {
  await expect(device.profile(soon)).rejects.toThrow(/The body of profile returned a promise/);
});

test('host work of a capture is watched at each replay', () => {
  const capture = device.capture(() => device.eachStep(soon));
  expect(() => capture.replay()).toThrow(/The body of eachStep returned a promise/);
  capture.dispose();
});

test('what a scope made before the promise is freed, and bodies that end at once are run as ever', () => {
  const live = device.pool.use.liveBuffers;
  const body = async () => {
    Tensor.empty(device, [3]);
  };
  expect(() => scope(body)).toThrow(CyclopsError);
  expect(device.pool.use.liveBuffers).toBe(live);
  expect(device.within('part', () => device.layer?.path)).toBe('part');
  expect(noGrad(() => 7)).toBe(7);
});
