import { Device } from '../../gpu/device.ts';

/** Where a workflow computes. */
export interface DeviceOption {
  /** An open device, which stays the caller's. Without one, the first that answers is opened, GPUs first, and closed at the end. */
  device?: Device | undefined;
  /** Whether to measure first which kernels are fastest, once for each device and size; true unless told otherwise. */
  tune?: boolean | undefined;
}

/** Runs work on the given device, or on one that lives as long as the work. */
export async function withDevice<T>({ device }: DeviceOption, work: (device: Device) => Promise<T>): Promise<T> {
  if (device) return await work(device);
  const own = await Device.open();
  try {
    return await work(own);
  } finally {
    own.close();
  }
}

/** The same for work that gives out one result after another. */
export async function* onDevice<T>(
  { device }: DeviceOption,
  work: (device: Device) => AsyncGenerator<T>,
): AsyncGenerator<T> {
  if (device) return yield* work(device);
  const own = await Device.open();
  try {
    yield* work(own);
  } finally {
    own.close();
  }
}
