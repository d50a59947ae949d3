import { afterAll, beforeAll, expect, test } from 'vitest';
import { Device } from '../../src/gpu/device.ts';
import { withParts, withTemporary } from '../../src/kernels/sum-parts.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ backend: 'null' });
});
afterAll(() => device.close());

test('a temporary is given back, also when its user throws', () => {
  const live = device.pool.use.liveBuffers;
  expect(withTemporary(device, 100, ({ size }) => size)).toBe(112);
  const fail = () => {
    throw new Error('on purpose');
  };
  expect(() => withTemporary(device, 100, fail)).toThrow('on purpose');
  expect(() => withParts(device, 100, fail)).toThrow('on purpose');
  expect(device.pool.use.liveBuffers).toBe(live);
});
