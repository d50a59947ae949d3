import { expect, test } from 'vitest';
import { Device } from '../../src/gpu/device.ts';
import { dawnInstance } from '../../src/gpu/host/dawn.ts';
import { timestampStep } from '../../src/gpu/timestamps.ts';

const ROUNDED = 65_536n;

test('a device is opened with timestamps that Dawn does not round', async ({ skip }) => {
  const device = await Device.open();
  skip(!device.features.has('timestamp-query'), 'this device has no timestamps');
  expect(await timestampStep(device.gpu)).toBeLessThan(ROUNDED);
  device.close();
});

test('rounding is noticed', async ({ skip }) => {
  const device = await Device.open();
  skip(!device.features.has('timestamp-query'), 'this device has no timestamps');
  device.close();
  const gpu = dawnInstance(['enable-dawn-features=timestamp_quantization']);
  const adapter = await gpu.requestAdapter();
  const rounded = await adapter?.requestDevice({ requiredFeatures: ['timestamp-query'] });
  const step = rounded && (await timestampStep(rounded));
  expect(step).toBeGreaterThan(0n);
  expect((step ?? 1n) % ROUNDED).toBe(0n);
  rounded?.destroy();
});

test('a device without timestamps has no step', async () => {
  const device = await dawnInstance([]).requestAdapter();
  const bare = await device?.requestDevice();
  expect(bare && (await timestampStep(bare))).toBeNull();
  bare?.destroy();
});
