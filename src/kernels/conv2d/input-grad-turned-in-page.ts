/** What stands for the input gradients by turned weights in a bundle for pages: none. */
import type { Variant } from '../variant.ts';
import type { InputGradArguments } from './arguments.ts';
import type { ConvProblem } from './problem.ts';

export const turnedVariants: readonly Variant<ConvProblem, InputGradArguments>[] = [];
