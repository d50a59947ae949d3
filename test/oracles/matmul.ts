/** Products of matrices in float64, from the definition, with batch axes that one operand may lack. */
import { indicesOf, type Operand, placeIn } from './axes.ts';

/** […, M, K] times […, K, N] over the batch axes `batch`: [batch…, M, N]. */
export function product(batch: readonly number[], a: Operand, b: Operand): number[] {
  const [m = 0, k = 0] = a.shape.slice(-2);
  const n = b.shape.at(-1) ?? 0;
  return indicesOf(batch).flatMap((index) => {
    const [ofA, ofB] = [placeIn(a.shape.slice(0, -2), index) * m * k, placeIn(b.shape.slice(0, -2), index) * k * n];
    return indicesOf([m, n]).map(([i = 0, j = 0]) => {
      let sum = 0;
      for (let d = 0; d < k; d++) sum += a.values[ofA + i * k + d]! * b.values[ofB + d * n + j]!;
      return sum;
    });
  });
}

/** Each matrix turned over. */
export function transposed({ shape, values }: Operand): Operand {
  const [m = 0, n = 0] = shape.slice(-2);
  const turned = Array.from({ length: values.length }, (_, at) => {
    const [matrix, i, j] = [Math.floor(at / (m * n)), at % m, Math.floor(at / m) % n];
    return values[matrix * m * n + i * n + j]!;
  });
  return { shape: [...shape.slice(0, -2), n, m], values: turned };
}
