import { CyclopsError } from '../../gpu/errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { activate } from './activation.ts';

/**
 * x where x > 0, else slope · x; its gradient at 0 is `slope`.
 *
 * @param slope not negative. @throws CyclopsError when it is
 */
export function leakyRelu(x: Tensor, slope: number): Tensor {
  if (!(slope >= 0)) throw new CyclopsError(`leakyRelu needs a slope of 0 or more; got ${slope}.`);
  return activate('leaky_relu', x, slope);
}
