import type { Device } from '../gpu/device.ts';
import { ceilDiv } from '../gpu/launch.ts';

/**
 * Workgroups for a kernel that strides over `items`: enough for one item an invocation, or as many as a launch may have along one
 * axis; the kernel's loop does the rest.
 *
 * @param perGroup items that a workgroup takes in a turn of that loop: its invocations
 */
export function flatGrid({ limits }: Device, items: number, perGroup = 64): [number, number, number] {
  return [Math.min(ceilDiv(items, perGroup), limits.maxComputeWorkgroupsPerDimension), 1, 1];
}
