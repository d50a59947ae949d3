type Values = ArrayLike<number>;
type Shape = [n: number, h: number, w: number, c: number];

/** |a − b| averaged over channels, then over a square window with weights e^(−r² / 2σ²), borders reflected. */
export function differenceMap(a: Values, b: Values, shape: Shape, radius: number, sigma: number): number[] {
  return smoothed(a, b, shape, radius, sigma, Math.abs);
}

/** The same of a − b. */
export function excessMap(a: Values, b: Values, shape: Shape, radius: number, sigma: number): number[] {
  return smoothed(a, b, shape, radius, sigma, (difference) => difference);
}

function smoothed(
  a: Values,
  b: Values,
  [n, h, w, c]: Shape,
  radius: number,
  sigma: number,
  term: (difference: number) => number,
): number[] {
  const difference = (pixel: number) => {
    let sum = 0;
    for (let k = 0; k < c; k++) sum += term(a[pixel * c + k]! - b[pixel * c + k]!);
    return sum / c;
  };
  const reflect = (t: number, size: number) => (t < 0 ? -t : t >= size ? 2 * (size - 1) - t : t);
  const map: number[] = [];
  for (let image = 0; image < n; image++)
    for (let y = 0; y < h; y++)
      for (let x = 0; x < w; x++) {
        let [sum, weights] = [0, 0];
        for (let dy = -radius; dy <= radius; dy++)
          for (let dx = -radius; dx <= radius; dx++) {
            const weight = Math.exp(-(dx * dx + dy * dy) / (2 * sigma * sigma));
            sum += weight * difference((image * h + reflect(y + dy, h)) * w + reflect(x + dx, w));
            weights += weight;
          }
        map.push(sum / weights);
      }
  return map;
}

/** Cuts values into `n` images and reduces each. */
export function eachImage(values: readonly number[], n: number, reduce: (image: number[]) => number): number[] {
  const each = values.length / n;
  return Array.from({ length: n }, (_, i) => reduce(values.slice(i * each, (i + 1) * each)));
}
