import type { Tensor } from '../tensor/tensor.ts';
import type { Convolution } from './convolution.ts';
import { gradientOf } from './tape.ts';

export interface WeightGradOperands {
  x: Tensor;
  dy: Tensor;
  weight: Tensor;
}

/** Adds to the weight's own `grad` where it is a leaf (then null), else returns the gradient. */
export function weightGrad(
  kernels: Pick<Convolution, 'weightGrad'>,
  { x, dy, weight }: WeightGradOperands,
): Tensor | null {
  return gradientOf(weight, ({ slice: dw }, accumulate) =>
    kernels.weightGrad({ x: x.slice, dy: dy.slice, dw, accumulate }),
  );
}
