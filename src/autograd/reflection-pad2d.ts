import { shown } from '../gpu/arguments.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { reflectionPad, reflectionPadBackward } from '../kernels/images/reflection-pad.ts';
import { record } from '../tensor/record.ts';
import { imageExtents } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';

/**
 * Mirrors the border of x [N, H, W, C] outwards, without repeating the edge itself.
 *
 * @param pad pixels to add: left, right, top, bottom
 * @returns [N, top + H + bottom, left + W + right, C]
 * @throws CyclopsError unless they are four and each is an integer from 0 to the size of its axis − 1
 */
export function reflectionPad2d(x: Tensor, pad: readonly [number, number, number, number]): Tensor {
  const { n, h, w, c } = imageExtents('reflectionPad2d', x);
  if (!(Array.isArray(pad) && pad.length === 4)) {
    throw new CyclopsError(`reflectionPad2d takes four numbers: left, right, top and bottom; got ${shown(pad)}.`);
  }
  const [left, right, top, bottom] = pad;
  const fits = (size: number) => (amount: number) => Number.isInteger(amount) && amount >= 0 && amount < size;
  if (![left, right].every(fits(w)) || ![top, bottom].every(fits(h))) {
    throw new CyclopsError(
      `reflectionPad2d mirrors at most size − 1 pixels: an image of height ${h} and width ${w} takes whole numbers, ` +
        `left and right from 0 to ${w - 1}, top and bottom from 0 to ${h - 1}; ` +
        `got ${shown(pad)}. Use larger images or less padding.`,
    );
  }
  const problem = { n, h, w, c, pad, dtype: x.floatDType };
  const out = Tensor.empty(x.device, [n, top + h + bottom, left + w + right, c], x.dtype);
  reflectionPad(x.device, problem, { x: x.slice, out: out.slice });
  return record(out, [x], (gradOutput) => {
    const gradX = Tensor.empty(x.device, x.shape, x.dtype);
    reflectionPadBackward(x.device, problem, {
      gradOutput: gradOutput.slice,
      gradX: gradX.slice,
      bias: null,
      addend: null,
    });
    return [gradX];
  });
}
