import { CyclopsError } from '../gpu/errors.ts';
import type { Tensor } from './tensor.ts';

export function sameShape(a: Tensor, b: Tensor): boolean {
  return a.shape.length === b.shape.length && a.shape.every((extent, i) => extent === b.shape[i]);
}

/** @throws CyclopsError naming the operation and both shapes, dtypes or devices, when they differ. */
export function requireAlike(operation: string, a: Tensor, b: Tensor): void {
  if (!sameShape(a, b)) {
    throw new CyclopsError(
      `${operation} needs two tensors of one shape; got [${a.shape.join(', ')}] and [${b.shape.join(', ')}].`,
    );
  }
  requireSameType(operation, a, b);
}

/** @throws CyclopsError naming the operation and both dtypes or devices when they differ. */
export function requireSameType(operation: string, a: Tensor, b: Tensor): void {
  if (a.device !== b.device) {
    throw new CyclopsError(
      `${operation} needs two tensors on one device; got one on ${a.device.info.name} and one on ` +
        `${b.device.info.name}, opened apart. Make both with the same Device.`,
    );
  }
  if (a.dtype === b.dtype) return;
  throw new CyclopsError(
    `${operation} needs two tensors of one dtype; got ${a.dtype} and ${b.dtype}. Convert one of them with cast().`,
  );
}

/** @throws CyclopsError naming what must be f32 when a tensor has another dtype */
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
