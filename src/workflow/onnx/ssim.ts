import { SSIM_WINDOW } from '../../kernels/images/ssim.ts';
import type { GraphBuilder, Value } from './graph.ts';
import type { Volume } from './layers.ts';

/** Standard deviation of the Gaussian window. */
const SIGMA = 1.5;
/** (0.01 · 2)² and (0.03 · 2)², for values from −1 to 1. */
const C1 = 0.0004;
const C2 = 0.0036;

/**
 * The twin of `ssimByWindow`: structural similarity in every window and channel, f32 [N, C, H − 10, W − 10]. A Gaussian mean over windows is
 * a matrix along each axis. In f64, since squares cancel where an image is flat.
 */
export function ssimByWindow(graph: GraphBuilder, x: Volume, y: Volume): Volume {
  const op = (type: string, ...inputs: Value[]) => graph.node(type, inputs);
  const [down, across] = [gaussian(graph, x.height), gaussian(graph, x.width)];
  const acrossTransposed = graph.node('Transpose', [across], { perm: { ints: [1, 0] } });
  const mean = (values: Value) => op('MatMul', op('MatMul', down, values), acrossTransposed);
  const [a, b] = [graph.cast(x.value, 'f64'), graph.cast(y.value, 'f64')];
  const [meanA, meanB] = [mean(a), mean(b)];
  const [squareA, squareB, both] = [op('Mul', meanA, meanA), op('Mul', meanB, meanB), op('Mul', meanA, meanB)];
  const variances = op('Sub', mean(op('Add', op('Mul', a, a), op('Mul', b, b))), op('Add', squareA, squareB));
  const covariance = op('Sub', mean(op('Mul', a, b)), both);
  const plus = (value: Value, constant: number) => op('Add', value, graph.number(constant));
  const twice = (value: Value) => op('Mul', value, graph.number(2));
  const above = op('Mul', plus(twice(both), C1), plus(twice(covariance), C2));
  const below = op('Mul', plus(op('Add', squareA, squareB), C1), plus(variances, C2));
  const value = graph.cast(op('Div', above, below), 'f32');
  return { ...x, value, height: x.height - SSIM_WINDOW + 1, width: x.width - SSIM_WINDOW + 1 };
}

/** The Gaussian means along an axis that lie inside of it: f64 [extent − 10, extent]. */
function gaussian(graph: GraphBuilder, extent: number): Value {
  return graph.constant(`gaussian_${extent}`, () => {
    const weights = Array.from({ length: SSIM_WINDOW }, (_, i) =>
      Math.exp(-((i - (SSIM_WINDOW - 1) / 2) ** 2) / (2 * SIGMA ** 2)),
    );
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const rows = extent - SSIM_WINDOW + 1;
    const data = new Float64Array(rows * extent);
    for (let row = 0; row < rows; row++)
      for (const [i, weight] of weights.entries()) data[row * extent + row + i] = weight / total;
    return { shape: [rows, extent], data };
  });
}
