import { shown } from '../gpu/arguments.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { hottestMeanBackward, hottestMean as launch } from '../kernels/images/per-image.ts';
import { cast } from '../tensor/cast.ts';
import { record } from '../tensor/record.ts';
import { requireOperands } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';

/**
 * The mean of the largest elements of each image of x [N, …]: of n elements the ⌈share · n⌉ largest. The gradient goes to these alone;
 * where some of several equal elements count, they share it.
 *
 * @param share above 0 and at most 1 @returns [N], in f32
 * @throws CyclopsError for another share, for a tensor of integers, and for one that was disposed of
 */
export function hottestMean(x: Tensor, share: number): Tensor {
  requireOperands('hottestMean', x);
  if (!(typeof share === 'number' && share > 0 && share <= 1)) {
    throw new CyclopsError(`hottestMean takes a share above 0 and at most 1, such as 0.01; got ${shown(share)}.`);
  }
  const a = cast(x, 'f32');
  const [images = 1] = a.shape;
  const count = a.size / images;
  const problem = { images, count, hottest: Math.ceil(share * count) };
  const out = Tensor.empty(a.device, [images]);
  launch(a.device, { ...problem, a: a.slice, out: out.slice });
  return record(out, [a], (gradOutput) => {
    const grad = Tensor.empty(a.device, a.shape);
    hottestMeanBackward(a.device, { ...problem, a: a.slice, gradOutput: gradOutput.slice, grad: grad.slice });
    return [grad];
  });
}
