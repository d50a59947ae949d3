import { afterAll, beforeAll, expect, test } from 'vitest';
import { Device } from '../../src/gpu/device.ts';
import { type Ceilings, measureCeilings } from '../../src/kernels/ceilings.ts';

let device: Device;
let ceilings: Ceilings;
let live: number;
beforeAll(async () => {
  device = await Device.open({ checked: true });
  live = device.pool.use.liveBytes;
  ceilings = await measureCeilings(device);
});
afterAll(() => device.close());

test('every ceiling of this device is a positive number, and there is one for each thing that it offers', () => {
  const { copyBytesPerSecond, f32FlopsPerSecond, f16FlopsPerSecond, matrix, launchSeconds } = ceilings;
  const rates = [copyBytesPerSecond, f32FlopsPerSecond, launchSeconds];
  if (device.features.has('shader-f16')) rates.push(f16FlopsPerSecond ?? Number.NaN);
  else expect(f16FlopsPerSecond).toBeNull();
  const products = device.info.matrixConfigs.filter(({ component, result }) => component === 'f16' && result === 'f32');
  if (products.length > 0) rates.push(matrix?.flopsPerSecond ?? Number.NaN);
  else expect(matrix).toBeNull();
  for (const rate of rates) {
    expect(rate).toBeGreaterThan(0);
    expect(rate).toBeLessThan(Number.POSITIVE_INFINITY);
  }
});

test('nothing that was measured with stays in memory', () => {
  expect(device.pool.use).toMatchObject({ liveBytes: live, pooledBytes: 0 });
});

test('the null backend has none', async () => {
  const none = await Device.open({ backend: 'null' });
  await expect(measureCeilings(none)).rejects.toThrow(/executes nothing/);
  none.close();
});
