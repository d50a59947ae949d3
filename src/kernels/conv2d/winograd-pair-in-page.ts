/** What stands for winograd-pair.ts in a bundle for pages: nothing joins two weight gradients. */
import type { Variant } from '../variant.ts';
import type { WeightGradPairArguments } from './arguments.ts';
import type { WeightGradPairProblem } from './problem.ts';

export const joinedVariants: ReadonlyMap<string, Variant<WeightGradPairProblem, WeightGradPairArguments>> = new Map();

export function gainsByJoining(): boolean {
  return false;
}
