/** Every operation that can be computed in several ways. */
import { CyclopsError } from '../../gpu/errors.ts';
import { convForward } from '../conv2d/forward.ts';
import { convInputGrad } from '../conv2d/input-grad.ts';
import { convWeightGrad } from '../conv2d/weight-grad.ts';
import { convWeightGradPair } from '../conv2d/weight-grad-pair.ts';
import { instanceNormBackward } from '../instance-norm/backward.ts';
import { instanceNormForward } from '../instance-norm/forward.ts';
import { matmul } from '../matmul.ts';
import { reduce } from '../reduce.ts';
import { reduceAxes } from '../reduce-axes.ts';
import type { OperationInfo } from '../variant.ts';

export const operations: readonly OperationInfo[] = [
  convForward,
  convInputGrad,
  convWeightGrad,
  convWeightGradPair,
  instanceNormForward,
  instanceNormBackward,
  matmul,
  reduce,
  reduceAxes,
];

/**
 * The operation with several variants that has this name.
 *
 * @throws CyclopsError when there is none; it names those that there are
 */
export function operationNamed(name: string): OperationInfo {
  const found = operations.find((operation) => operation.name === name);
  if (found) return found;
  const names = operations.map((operation) => operation.name).join(', ');
  throw new CyclopsError(`no operation '${name}' has variants; expected one of ${names}.`);
}
