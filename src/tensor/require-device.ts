import { shown } from '../gpu/arguments.ts';
import { Device } from '../gpu/device.ts';
import { CyclopsError } from '../gpu/errors.ts';

/** @throws CyclopsError naming the operation unless it is a device, and one that is open */
export function requireDevice(operation: string, device: Device): void {
  if (!(device instanceof Device)) throw new CyclopsError(`${operation} needs a Device; got ${shown(device)}.`);
  device.requireUsable();
}
