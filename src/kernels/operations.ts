/** Every operation that can be computed in several ways. */
import { convForward } from './conv2d/forward.ts';
import { convInputGrad } from './conv2d/inputGrad.ts';
import { convWeightGrad } from './conv2d/weightGrad.ts';
import { instanceNormBackward } from './instanceNorm/backward.ts';
import { instanceNormForward } from './instanceNorm/forward.ts';
import { reduce } from './reduce.ts';
import type { OperationInfo } from './variant.ts';

export const operations: readonly OperationInfo[] = [
  convForward,
  convInputGrad,
  convWeightGrad,
  instanceNormForward,
  instanceNormBackward,
  reduce,
];
