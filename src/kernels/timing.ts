import type { Device } from '../gpu/device.ts';

/**
 * Milliseconds that the device needs for what `work` launches: the sum of its launches by timestamp queries where the device has
 * them, else by the clock until a fence, which includes what the host does and is good to a millisecond.
 */
export async function deviceMilliseconds(device: Device, work: () => void): Promise<number> {
  if (!device.features.has('timestamp-query')) return wallMilliseconds(device, work);
  const profile = await device.profile(work);
  return profile.reduce((sum, { begin, end }) => sum + (end - begin), 0) / 1e6;
}

/** Milliseconds from handing `work` to the device to its end. */
export async function wallMilliseconds(device: Device, work: () => void): Promise<number> {
  await device.fence();
  const start = performance.now();
  work();
  await device.fence();
  return performance.now() - start;
}
