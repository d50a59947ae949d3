import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyGolden } from '../../../src/cli/verify/verify.ts';
import { Device } from '../../../src/gpu/device.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ checked: true });
});
afterAll(() => device.close());

test('every golden case that is kept here agrees with the reference', async () => {
  const lines: string[] = [];
  const folder = fileURLToPath(new URL('../../golden', import.meta.url));
  const verdict = await verifyGolden(device, folder, (line) => lines.push(line));
  expect(lines.filter((line) => line.endsWith('FAILED'))).toEqual([]);
  expect(verdict).toMatchObject({ failed: 0, leftOut: 0 });
  expect(verdict.passed).toBeGreaterThan(130);
});
