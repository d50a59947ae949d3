/** Broadcasting and reductions over axes in float64, element by element from their definitions. */

export const sizeOf = (shape: readonly number[]): number => shape.reduce((count, extent) => count * extent, 1);

/** Every index of a shape, in row-major order. */
export function indicesOf(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (indices, extent) => indices.flatMap((index) => Array.from({ length: extent }, (_, i) => [...index, i])),
    [[]],
  );
}

/** Where an index of a larger shape reads in a tensor that is broadcast to it: axes are counted from the last; one of 1 is read at 0. */
export function placeIn(shape: readonly number[], index: readonly number[]): number {
  const skipped = index.length - shape.length;
  return shape.reduce((place, extent, axis) => place * extent + (extent === 1 ? 0 : index[axis + skipped]!), 0);
}

export interface Operand {
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

/** f(a, b) over a shape that both are broadcast to. */
export function broadcast(
  out: readonly number[],
  a: Operand,
  b: Operand,
  f: (a: number, b: number) => number,
): number[] {
  return indicesOf(out).map((index) => f(a.values[placeIn(a.shape, index)]!, b.values[placeIn(b.shape, index)]!));
}

/** The sum over all places of a shape that a tensor of shape `like` was repeated to. */
export function summedTo(like: readonly number[], shape: readonly number[], values: ArrayLike<number>): number[] {
  const out = new Array<number>(sizeOf(like)).fill(0);
  indicesOf(shape).forEach((index, i) => {
    out[placeIn(like, index)]! += values[i]!;
  });
  return out;
}

/** The elements that make each element of a reduction to shape `kept`, which has 1 at the axes that are taken together. */
export function gathered(kept: readonly number[], { shape, values }: Operand): number[][] {
  const out: number[][] = Array.from({ length: sizeOf(kept) }, () => []);
  indicesOf(shape).forEach((index, i) => {
    out[placeIn(kept, index)]!.push(values[i]!);
  });
  return out;
}
