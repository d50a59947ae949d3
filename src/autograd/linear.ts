import { CyclopsError } from '../gpu/errors.ts';
import type { WeightGradArguments } from '../kernels/conv2d/arguments.ts';
import { convForward } from '../kernels/conv2d/forward.ts';
import { convInputGrad } from '../kernels/conv2d/input-grad.ts';
import { productProblem } from '../kernels/conv2d/problem.ts';
import { convWeightGrad } from '../kernels/conv2d/weight-grad.ts';
import { run } from '../kernels/tuning/choices.ts';
import { record } from '../tensor/record.ts';
import { given, requireOperands } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { biasGrad, operandOf, requireBias } from './conv2d.ts';
import { weightGrad } from './weight-grad.ts';

/**
 * x · weightᵀ + bias along the last axis, as in PyTorch.
 *
 * @param x […, in], f32 or f16 @param weight [out, in] @param bias [out] or null; both f32 @returns […, out] in the dtype of x
 * @throws CyclopsError when shapes, dtypes or devices do not fit
 */
export function linear(x: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
  requireOperands('linear', x, weight, ...given(bias));
  const [out = 1, features = 1] = weight.shape;
  if (weight.shape.length !== 2 || x.shape.at(-1) !== features) {
    throw new CyclopsError(
      `linear of x [${x.shape.join(', ')}] needs a weight [out, ${x.shape.at(-1)}]; got [${weight.shape.join(', ')}].`,
    );
  }
  requireBias('linear', bias, out);
  const { device, floatDType: dtype } = x;
  // The input gradient of a 1×1 convolution from `out` channels to those of x multiplies by the weight as it lies.
  const problem = productProblem({ rows: x.size / features, depth: out, columns: features, dtype });
  const y = Tensor.empty(device, [...x.shape.slice(0, -1), out], dtype);
  const operand = operandOf('linear', weight, x);
  const slices = { dy: x.slice, weight: operand.slice, bias: bias?.slice ?? null, dx: y.slice };
  run(device, convInputGrad, problem, slices);
  return record(y, bias ? [x, weight, bias] : [x, weight], (gradOutput) => {
    const dx = x.requiresGrad ? Tensor.empty(device, x.shape, dtype) : null;
    if (dx) {
      const forward = { x: gradOutput.slice, weight: operand.slice, bias: null, y: dx.slice };
      run(device, convForward, problem, { ...forward, activation: 'none' });
    }
    const kernels = { weightGrad: (args: WeightGradArguments) => run(device, convWeightGrad, problem, args) };
    const dw = weight.requiresGrad ? weightGrad(kernels, { x: gradOutput, dy: x, weight }) : null;
    const db = bias?.requiresGrad ? biasGrad(device, gradOutput, bias) : null;
    return [dx, dw, db];
  });
}
