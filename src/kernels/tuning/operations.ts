/** Every operation that can be computed in several ways. */
import { convForward } from '../conv2d/forward.ts';
import { convInputGrad } from '../conv2d/input-grad.ts';
import { convWeightGrad } from '../conv2d/weight-grad.ts';
import { instanceNormBackward } from '../instance-norm/backward.ts';
import { instanceNormForward } from '../instance-norm/forward.ts';
import { reduce } from '../reduce.ts';
import type { OperationInfo } from '../variant.ts';

export const operations: readonly OperationInfo[] = [
  convForward,
  convInputGrad,
  convWeightGrad,
  instanceNormForward,
  instanceNormBackward,
  reduce,
];
