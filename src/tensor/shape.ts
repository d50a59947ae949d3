import { CyclopsError } from '../gpu/errors.ts';
import type { Tensor } from './tensor.ts';

/** @throws CyclopsError naming the operation and both shapes when they differ. */
export function requireSameShape(operation: string, a: Tensor, b: Tensor): void {
  if (a.shape.length === b.shape.length && a.shape.every((extent, i) => extent === b.shape[i])) return;
  throw new CyclopsError(
    `${operation} needs two tensors of one shape; got [${a.shape.join(', ')}] and [${b.shape.join(', ')}].`,
  );
}

/** The extents of an image batch [N, H, W, C]. @throws CyclopsError when the tensor has another rank. */
export function imageExtents(operation: string, x: Tensor): { n: number; h: number; w: number; c: number } {
  const [n, h, w, c] = x.shape;
  if (x.shape.length === 4 && n !== undefined && h !== undefined && w !== undefined && c !== undefined)
    return { n, h, w, c };
  throw new CyclopsError(`${operation} needs an image batch [N, H, W, C]; got [${x.shape.join(', ')}].`);
}
