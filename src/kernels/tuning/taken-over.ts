/** What a device has taken over from a checkpoint: apart from choices.ts, so that bundles for pages leave it out. */
import type { Device } from '../../gpu/device.ts';
import type { OperationInfo } from '../variant.ts';

const operations = new WeakMap<Device, Set<string>>();

/** Notes operations that a run used which goes on here. @param names of operations */
export function noteTakenOver(device: Device, names: readonly string[]): void {
  operations.set(device, new Set([...(operations.get(device) ?? []), ...names]));
}

/** Whether a run that goes on here used one operation, and never the other, which could have been in its place. */
export function wasUsedAlone(device: Device, own: OperationInfo, other: OperationInfo): boolean {
  const used = operations.get(device) ?? new Set();
  return used.has(own.name) && !used.has(other.name);
}
