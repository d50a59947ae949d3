import { mean, windows } from './difference.ts';

type Values = ArrayLike<number>;
type Shape = [n: number, h: number, w: number, c: number];

/** The root of the mean over channels of the variance of x in the square of box² pixels around each, borders reflected. */
export function localDeviation(x: Values, shape: Shape, box: number): number[] {
  const [, , , c] = shape;
  return windows(shape, box).map((pixels) => {
    const variances = Array.from({ length: c }, (_, k) => {
      const values = pixels.map((pixel) => x[pixel * c + k]!);
      const centre = mean(values);
      return mean(values.map((value) => (value - centre) ** 2));
    });
    return Math.sqrt(mean(variances));
  });
}

/**
 * What a map [n, p, q, c] says of each pixel [n, h, w]: with tents of the width of a stride around the places of values, and the values at
 * the border going on outside.
 */
export function place(
  map: Values,
  [n, p, q, c]: Shape,
  { stride, offset }: { stride: number; offset: number },
  h: number,
  w: number,
): number[] {
  const tents = (pixel: number, extent: number) => {
    const at = Math.min(Math.max(pixel, offset), offset + stride * (extent - 1));
    return Array.from({ length: extent }, (_, i) => Math.max(0, 1 - Math.abs(at - offset - i * stride) / stride));
  };
  return Array.from({ length: n * h * w }, (_, pixel) => {
    const [image, y, x] = [Math.floor(pixel / (h * w)), Math.floor(pixel / w) % h, pixel % w];
    const [down, across] = [tents(y, p), tents(x, q)];
    let sum = 0;
    for (const [i, a] of down.entries())
      for (const [j, b] of across.entries())
        for (let k = 0; k < c; k++) sum += (a * b * map[((image * p + i) * q + j) * c + k]!) / c;
    return sum;
  });
}
