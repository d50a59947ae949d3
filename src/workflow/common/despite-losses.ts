import type { Device } from '../../gpu/device.ts';
import { DeviceLostError, DeviceUnavailableError, NoAdapterError } from '../../gpu/errors.ts';
import { forceAlike } from '../../kernels/tuning/choices.ts';
import type { Listener } from './listener.ts';

/** So often a device that was lost is opened anew; one that is lost again and again is broken. */
export const MOST_LOSSES = 3;

/** Milliseconds before each further try: a driver takes seconds to start anew, and so do other programs to give memory back. */
const WAITS_MS = [250, 1000, 3000];

/**
 * A device that stands for one that was lost. One that does not open is tried again after each of the waits.
 *
 * @throws DeviceLostError when it does not open after the last one either
 */
export async function standIn(lost: Device, waits: readonly number[] = WAITS_MS): Promise<Device> {
  const [wait, ...later] = waits;
  try {
    const device = await lost.reopen();
    forceAlike(device, lost);
    return device;
  } catch (error) {
    if (!(error instanceof DeviceUnavailableError || error instanceof NoAdapterError)) throw error;
    if (wait === undefined) throw new DeviceLostError(`The device was lost, and does not come back. ${error.message}`);
  }
  await new Promise((resolve) => setTimeout(resolve, wait));
  return await standIn(lost, later);
}

/**
 * Does work on a device, and again on another that is opened as it was where it is lost: at most three times.
 *
 * @param device stays the caller's @param work goes on with what it has kept, or begins anew
 * @param goesOn what it does then, for the warning, such as `The training goes on from its last checkpoint.`
 * @throws DeviceLostError when the device is lost once more or does not open again, and what the work throws
 */
export async function despiteLosses<T>(
  device: Device,
  { onWarning }: Pick<Listener, 'onWarning'>,
  goesOn: string,
  work: (device: Device) => Promise<T>,
): Promise<T> {
  let current = device;
  try {
    for (let losses = 0; ; ) {
      try {
        return await work(current);
      } catch (error) {
        if (!(error instanceof DeviceLostError) || losses === MOST_LOSSES) throw error;
        losses += 1;
        onWarning?.(`${error.message} It is opened anew (${losses} of at most ${MOST_LOSSES} times). ${goesOn}`);
        if (current !== device) current.close();
        current = await standIn(device);
      }
    }
  } finally {
    if (current !== device) current.close();
  }
}
