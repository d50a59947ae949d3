import type { Device } from '../../gpu/device.ts';
import type { ExampleBuffers } from '../../kernels/variant.ts';

/** A problem to be measured. */
export interface KernelCase {
  operation: string;
  problem: string;
  /** One empty name where there is only one way. */
  variants: readonly string[];
  /** The one with which the others are compared; null where there is only one way. */
  obvious: string | null;
  /** Takes buffers, and returns what launches a variant's kernels on them. */
  prepare(device: Device, buffers: ExampleBuffers): (variant: string) => void;
}
