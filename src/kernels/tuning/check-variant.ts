import type { Device } from '../../gpu/device.ts';
import { type Operation, supportedVariants, type Variant } from '../variant.ts';
import { MeasurementBuffers } from './measure.ts';
import { oddProblemsOf } from './odd-problems.ts';

/** A variant on a problem. */
export interface VariantCheck {
  /** In one line, as the operation describes it. */
  readonly problem: string;
  /** Whether the arguments asked for all that they can ask for, such as a bias and an activation. */
  readonly full: boolean;
  /** What is wrong with what it computes; null for nothing. */
  readonly fault: string | null;
}

/** After so many faults the rest is left unchecked: a text that does not compile has one on every problem. */
export const MOST_FAULTS = 3;

/**
 * Compares a variant with the obvious one of its operation, on poisoned outputs, on each problem that it supports: small ones of odd shapes,
 * and others that are given. It ends at the third fault.
 *
 * @throws CyclopsError for an operation that is none of the engine's, and on a lost device
 */
export async function checkVariant<Problem, Args>(
  device: Device,
  operation: Operation<Problem, Args>,
  variant: Variant<Problem, Args>,
  others: readonly Problem[] = [],
): Promise<VariantCheck[]> {
  const checks: VariantCheck[] = [];
  let faults = 0;
  for (const problem of [...oddProblemsOf(operation), ...others]) {
    if (!canRun(device, problem) || !supportedVariants(device, operation, problem).includes(variant)) continue;
    for (const full of [false, true]) {
      const fault = await faultOn(device, operation, variant, problem, full);
      checks.push({ problem: operation.describe(problem), full, fault });
      if (fault !== null && ++faults === MOST_FAULTS) return checks;
    }
  }
  return checks;
}

function canRun(device: Device, problem: unknown): boolean {
  const isHalf = typeof problem === 'object' && problem !== null && 'dtype' in problem && problem.dtype === 'f16';
  return !isHalf || device.features.has('shader-f16');
}

async function faultOn<Problem, Args>(
  device: Device,
  operation: Operation<Problem, Args>,
  variant: Variant<Problem, Args>,
  problem: Problem,
  full: boolean,
): Promise<string | null> {
  const buffers = new MeasurementBuffers(device);
  try {
    const args = operation.exampleArguments(problem, buffers, full);
    const oracle = operation.variants.at(-1);
    // The first that is right gives the values with which the next is compared.
    const fault = await buffers.faultOf(() => oracle?.launch(device, problem, args));
    if (fault !== null)
      throw new Error(`The oracle of ${operation.name} fails on ${operation.describe(problem)}: ${fault}.`);
    return await buffers.faultOf(() => variant.launch(device, problem, args));
  } finally {
    buffers.dispose();
  }
}
