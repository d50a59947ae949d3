import { shown } from '../gpu/arguments.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { requireTensor } from './shape.ts';
import type { DType, Tensor } from './tensor.ts';

/**
 * A tensor as text: its shape and its values in nested brackets, the middle of long axes left out.
 *
 * @param digits after the point, at most 100; 4, or none for integers
 * @throws CyclopsError for another number of digits, and as `Tensor.data`
 */
export async function print(tensor: Tensor<DType>, digits = tensor?.dtype === 'u32' ? 0 : 4): Promise<string> {
  requireTensor('print', tensor);
  if (!(Number.isInteger(digits) && digits >= 0 && digits <= 100)) {
    throw new CyclopsError(`print shows from 0 to 100 digits after the point; got ${shown(digits)}.`);
  }
  const values = await tensor.data();
  const render = (axis: number, start: number): string => {
    const extent = tensor.shape[axis];
    if (extent === undefined) return (values[start] ?? Number.NaN).toFixed(digits);
    const stride = tensor.shape.slice(axis + 1).reduce((product, n) => product * n, 1);
    const indices = extent > 6 ? [0, 1, 2, -1, extent - 2, extent - 1] : [...Array(extent).keys()];
    const parts = indices.map((i) => (i < 0 ? '…' : render(axis + 1, start + i * stride)));
    return `[${parts.join(', ')}]`;
  };
  return `${tensor}\n${render(0, 0)}`;
}
