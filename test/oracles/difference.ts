type Values = ArrayLike<number>;
type Shape = [n: number, h: number, w: number, c: number];

/** What a pixel's channels make together of a − b. */
export const KINDS = {
  absolute: (d: number[]) => mean(d.map(Math.abs)),
  signed: (d: number[]) => mean(d),
  squareSum: (d: number[]) => d.length * mean(d.map((value) => value ** 2)),
  square: (d: number[]) => mean(d.map((value) => value ** 2)),
  eighth: (d: number[]) => mean(d.map((value) => value ** 8)),
};

/** One of these kinds averaged over a square of box² pixels around each, borders reflected: [n, h, w]. */
export function differenceMap(kind: keyof typeof KINDS, a: Values, b: Values, [n, h, w, c]: Shape, box = 1): number[] {
  const difference = Array.from({ length: n * h * w }, (_, pixel) =>
    KINDS[kind](Array.from({ length: c }, (_, k) => a[pixel * c + k]! - b[pixel * c + k]!)),
  );
  return windows([n, h, w, 1], box).map((pixels) => mean(pixels.map((pixel) => difference[pixel]!)));
}

/** The pixels of the square of box² pixels around each pixel, borders reflected. */
export function windows([n, h, w]: Shape, box: number): number[][] {
  const radius = (box - 1) / 2;
  const reflect = (t: number, size: number) => (t < 0 ? -t : t >= size ? 2 * (size - 1) - t : t);
  const offsets = Array.from({ length: box }, (_, i) => i - radius);
  return Array.from({ length: n * h * w }, (_, pixel) => {
    const [image, y, x] = [Math.floor(pixel / (h * w)), Math.floor(pixel / w) % h, pixel % w];
    return offsets.flatMap((dy) => offsets.map((dx) => (image * h + reflect(y + dy, h)) * w + reflect(x + dx, w)));
  });
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Cuts values into `n` images and reduces each. */
export function eachImage(values: readonly number[], n: number, reduce: (image: number[]) => number): number[] {
  const each = values.length / n;
  return Array.from({ length: n }, (_, i) => reduce(values.slice(i * each, (i + 1) * each)));
}
