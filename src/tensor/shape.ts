import { CyclopsError } from '../gpu/errors.ts';
import type { Tensor } from './tensor.ts';

/** @throws CyclopsError naming the operation and both shapes, or how both are stored, when they differ. */
export function requireAlike(operation: string, a: Tensor, b: Tensor): void {
  if (a.shape.length !== b.shape.length || a.shape.some((extent, i) => extent !== b.shape[i])) {
    throw new CyclopsError(
      `${operation} needs two tensors of one shape; got [${a.shape.join(', ')}] and [${b.shape.join(', ')}].`,
    );
  }
  requireSameType(operation, a, b);
}

/** @throws CyclopsError naming the operation and how both are stored when that differs. */
export function requireSameType(operation: string, a: Tensor, b: Tensor): void {
  if (a.dtype === b.dtype) return;
  throw new CyclopsError(
    `${operation} needs two tensors that are stored alike; got ${a.dtype} and ${b.dtype}. Convert one of them with cast().`,
  );
}

/** @throws CyclopsError naming what must be f32 when a tensor is stored otherwise */
export function requireF32(what: string, { dtype }: Tensor): void {
  if (dtype !== 'f32') throw new CyclopsError(`${what} must be f32; got ${dtype}. Convert it with cast().`);
}

/** The extents of an image batch [N, H, W, C]. @throws CyclopsError when the tensor has another rank. */
export function imageExtents(operation: string, x: Tensor): { n: number; h: number; w: number; c: number } {
  const [n, h, w, c] = x.shape;
  if (x.shape.length === 4 && n !== undefined && h !== undefined && w !== undefined && c !== undefined)
    return { n, h, w, c };
  throw new CyclopsError(`${operation} needs an image batch [N, H, W, C]; got [${x.shape.join(', ')}].`);
}
