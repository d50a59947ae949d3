/** Instance normalisation and its gradients in float64, from the definition, over x [n, pixels, channels]. */
export interface NormOracle {
  y: Float64Array;
  dx: Float64Array;
  /** Mean and 1/√(variance + eps) of each image and channel, [n, 2, channels]. */
  stats: Float64Array;
  /** Gradients of β and γ image by image, [n, 2, channels]: Σg and Σg·x̂. */
  sums: Float64Array;
}

type Activate = { value(v: number): number; slope(v: number): number };

export const activations: Record<'none' | 'relu' | 'leaky_relu' | 'tanh', Activate> = {
  none: { value: (v) => v, slope: () => 1 },
  relu: { value: (v) => Math.max(v, 0), slope: (v) => (v > 0 ? 1 : 0) },
  leaky_relu: { value: (v) => (v > 0 ? v : 0.2 * v), slope: (v) => (v > 0 ? 1 : 0.2) },
  tanh: { value: Math.tanh, slope: (v) => 1 - Math.tanh(v) ** 2 },
};

export function instanceNorm(
  [n, pixels, channels]: readonly [number, number, number],
  x: ArrayLike<number>,
  gamma: ArrayLike<number>,
  beta: ArrayLike<number>,
  dy: ArrayLike<number>,
  activation: Activate,
  eps = 1e-5,
): NormOracle {
  const y = new Float64Array(x.length);
  const dx = new Float64Array(x.length);
  const stats = new Float64Array(2 * n * channels);
  const sums = new Float64Array(2 * n * channels);
  for (let i = 0; i < n; i++)
    for (let c = 0; c < channels; c++) {
      const at = Array.from({ length: pixels }, (_, p) => (i * pixels + p) * channels + c);
      const mean = at.reduce((sum, j) => sum + x[j]!, 0) / pixels;
      const variance = at.reduce((sum, j) => sum + (x[j]! - mean) ** 2, 0) / pixels;
      const std = Math.sqrt(variance + eps);
      const xhat = at.map((j) => (x[j]! - mean) / std);
      const v = xhat.map((h) => gamma[c]! * h + beta[c]!);
      const g = at.map((j, p) => dy[j]! * activation.slope(v[p]!));
      const sum = g.reduce((s, value) => s + value, 0);
      const projected = g.reduce((s, value, p) => s + value * xhat[p]!, 0);
      const [first, second] = [2 * i * channels + c, (2 * i + 1) * channels + c];
      [stats[first], stats[second]] = [mean, 1 / std];
      [sums[first], sums[second]] = [sum, projected];
      at.forEach((j, p) => {
        y[j] = activation.value(v[p]!);
        dx[j] = (gamma[c]! / std) * (g[p]! - sum / pixels - (xhat[p]! * projected) / pixels);
      });
    }
  return { y, dx, stats, sums };
}
