import { SHARE } from '../../gpu/arguments.ts';
import { record } from '../../tensor/record.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { type LossTarget, reduction, reductionGradient, requireTarget } from '../reduction.ts';

/**
 * The mean binary cross-entropy of sigmoid(x) against target, as a tensor [1] of f32, computed from the logits as
 * max(x, 0) − x · target + log(1 + e^−|x|), which neither overflows nor loses digits. An infinite logit costs 0 where the target says the
 * same and else Infinity; PyTorch's formula gives NaN for some of these.
 *
 * @param target values in [0, 1]: a tensor of x's shape, a constant, or a pair of constants, one for the first half of the batch
 * and one for the rest
 * @throws CyclopsError when shapes, dtypes or devices differ, or for a pair when the batch size is odd
 */
export function bceWithLogits(x: Tensor, target: LossTarget): Tensor {
  requireTarget('bceWithLogits', x, target, SHARE);
  const factor = 1 / x.size;
  const inputs = target instanceof Tensor ? [x, target] : [x];
  return record(reduction('bce', factor, x, target), inputs, (gradOutput) => [
    x.requiresGrad ? reductionGradient({ term: 'bce', factor, a: x, b: target, gradOutput }) : null,
    target instanceof Tensor && target.requiresGrad
      ? reductionGradient({ term: 'bce_target', factor, a: x, b: target, gradOutput })
      : null,
  ]);
}
