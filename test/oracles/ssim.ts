type Values = ArrayLike<number>;

/** The mean structural similarity of each image pair [n, h, w, c]; see {@link ssimWindows}. */
export function ssimPerImage(a: Values, b: Values, shape: [number, number, number, number]): number[] {
  return ssimWindows(a, b, shape).map((image) => image.reduce((sum, value) => sum + value, 0) / image.length);
}

const [c1, c2] = [(0.01 * 2) ** 2, (0.03 * 2) ** 2];
const gauss = Array.from({ length: 121 }, (_, k) => {
  const [dy, dx] = [Math.floor(k / 11) - 5, (k % 11) - 5];
  return Math.exp(-(dx * dx + dy * dy) / (2 * 1.5 ** 2));
});
const total = gauss.reduce((sum, g) => sum + g, 0);
const expectation = (value: (k: number) => number) => gauss.reduce((sum, g, k) => sum + (g / total) * value(k), 0);

/**
 * The structural similarity of each window and channel of each image pair [n, h, w, c] by its definition (Wang et al. 2004): 11 × 11 Gaussian window,
 * σ 1.5, inside the image, K1 0.01, K2 0.03, data range 2.
 */
export function ssimWindows(a: Values, b: Values, [n, h, w, c]: [number, number, number, number]): number[][] {
  return Array.from({ length: n }, (_, image) => {
    const windows: number[] = [];
    for (let y = 0; y + 11 <= h; y++)
      for (let x = 0; x + 11 <= w; x++)
        for (let channel = 0; channel < c; channel++) {
          const index = (k: number) => ((image * h + y + Math.floor(k / 11)) * w + x + (k % 11)) * c + channel;
          const meanA = expectation((k) => a[index(k)]!);
          const meanB = expectation((k) => b[index(k)]!);
          const varianceA = expectation((k) => (a[index(k)]! - meanA) ** 2);
          const varianceB = expectation((k) => (b[index(k)]! - meanB) ** 2);
          const covariance = expectation((k) => (a[index(k)]! - meanA) * (b[index(k)]! - meanB));
          windows.push(
            ((2 * meanA * meanB + c1) * (2 * covariance + c2)) /
              ((meanA ** 2 + meanB ** 2 + c1) * (varianceA + varianceB + c2)),
          );
        }
    return windows;
  });
}

/**
 * How much an element of the gradient of the mean over all images changes, at most, for a change of the means that it was computed
 * with: the slope of (2 μa μb + c1) / (μa² + μb² + c1) by a pixel changes by its weight times 2 / (μa² + μb² + c1).
 */
export function ssimBend(a: Values, b: Values, [n, h, w, c]: [number, number, number, number]): number {
  const heaviest = Math.max(...gauss) / total;
  const planes = Array.from({ length: n * c }, (_, plane) => {
    const [image, channel] = [Math.floor(plane / c), plane % c];
    let sum = 0;
    for (let y = 0; y + 11 <= h; y++)
      for (let x = 0; x + 11 <= w; x++) {
        const mean = (values: Values) =>
          expectation((k) => values[((image * h + y + Math.floor(k / 11)) * w + x + (k % 11)) * c + channel]!);
        sum += (2 * heaviest) / (mean(a) ** 2 + mean(b) ** 2 + c1);
      }
    return sum;
  });
  return Math.max(...planes) / (n * (h - 10) * (w - 10) * c);
}

/** The gradient of the mean over all images with respect to a, by central differences in float64. */
export function ssimGradient(a: Values, b: Values, shape: [number, number, number, number]): number[] {
  const mean = (values: number[]) => ssimPerImage(values, b, shape).reduce((sum, s) => sum + s / shape[0], 0);
  const values = Array.from(a);
  const step = 1e-5;
  return values.map(
    (value, i) => (mean(values.with(i, value + step)) - mean(values.with(i, value - step))) / (2 * step),
  );
}
