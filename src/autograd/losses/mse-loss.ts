import { record } from '../../tensor/record.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { type LossTarget, reduction, reductionGradient, requireTarget } from '../reduction.ts';

/**
 * The mean of (a − b)², as a tensor [1] of f32.
 *
 * @param b a tensor of a's shape, a constant such as a label of LSGAN, or a pair of constants: [1, 0] for a batch whose first
 * half is real and whose second half is fake gives ½ (mean over the real + mean over the fake)
 * @throws CyclopsError when shapes, dtypes or devices differ, or for a pair when the batch size is odd
 */
export function mseLoss(a: Tensor, b: LossTarget): Tensor {
  requireTarget('mseLoss', a, b);
  const factor = 1 / a.size;
  const inputs = b instanceof Tensor ? [a, b] : [a];
  return record(reduction('mse', factor, a, b), inputs, (gradOutput) => [
    a.requiresGrad ? reductionGradient({ term: 'mse', factor, a, b, gradOutput }) : null,
    b instanceof Tensor && b.requiresGrad ? reductionGradient({ term: 'mse', factor, a: b, b: a, gradOutput }) : null,
  ]);
}
