/** Which variant of an operation computes a problem. */
import type { Device } from '../gpu/device.ts';
import { type Operation, supportedVariants, type Variant } from './variant.ts';

/** The variant that computes a problem on a device. */
export function choose<Problem, Args>(
  device: Device,
  operation: Operation<Problem, Args>,
  problem: Problem,
): Variant<Problem, Args> {
  const [preferred] = supportedVariants(device, operation, problem);
  if (preferred) return preferred;
  throw new Error(`No variant of ${operation.name} supports ${operation.describe(problem)}; the last must.`);
}

/** Computes a problem by the chosen variant. */
export function run<Problem, Args>(
  device: Device,
  operation: Operation<Problem, Args>,
  problem: Problem,
  args: Args,
): void {
  choose(device, operation, problem).launch(device, problem, args);
}
