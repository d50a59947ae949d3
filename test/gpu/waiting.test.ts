import { expect, test, vi } from 'vitest';
import { Device } from '../../src/gpu/device.ts';
import type { describeAdapter } from '../../src/gpu/host/adapter.ts';

const kind = vi.hoisted(() => ({ software: true }));
vi.mock('../../src/gpu/host/adapter.ts', async (original) => {
  const real = await original<typeof import('../../src/gpu/host/adapter.ts')>();
  const described: typeof describeAdapter = (...adapter) => ({ ...real.describeAdapter(...adapter), ...kind });
  return { ...real, describeAdapter: described };
});

/** Whether a wait for the device stops the whole process now and then. */
async function sleepsOn(software: boolean): Promise<boolean> {
  kind.software = software;
  const sleep = vi.spyOn(Atomics, 'wait');
  const device = await Device.open({ backend: 'null' });
  // A promise of the device's that takes a while.
  const settled = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 300));
  device.gpu.queue.onSubmittedWorkDone = () => settled;
  await device.fence();
  device.close();
  const slept = sleep.mock.calls.length > 0;
  sleep.mockRestore();
  return slept;
}

test('a device on the processor of the host is left alone while it works; a GPU leaves the process free', async () => {
  expect(await sleepsOn(true)).toBe(true);
  expect(await sleepsOn(false)).toBe(false);
});

test('opening a device leaves the environment as it is', async () => {
  vi.stubEnv('XDG_RUNTIME_DIR', undefined);
  const before = { ...process.env };
  (await Device.open({ backend: 'null' })).close();
  expect(process.env).toEqual(before);
  vi.unstubAllEnvs();
});
