import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyGolden } from '../../../src/cli/verify/verify.ts';
import { Device } from '../../../src/gpu/device.ts';
import { offersSplit } from '../../../src/kernels/conv2d/matrix-tile.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ checked: true });
});
afterAll(() => device.close());

test('the golden training runs agree where products are split for matrices', async ({ skip }) => {
  skip(!offersSplit(device), 'this device offers no matrices for it');
  const live = device.pool.use.liveBuffers;
  const lines: string[] = [];
  const golden = new URL('../../golden', import.meta.url).pathname;
  const verdict = await verifyGolden(device, golden, (line) => lines.push(line), 'split');
  expect(lines.filter((line) => line.endsWith('FAILED'))).toEqual([]);
  expect(verdict).toEqual({ passed: 14, failed: 0, leftOut: 2 });
  expect(device.pool.use.liveBuffers).toBe(live);
}, 600_000);
