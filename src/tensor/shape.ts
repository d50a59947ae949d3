import { shown } from '../gpu/arguments.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { type DType, Tensor } from './tensor.ts';

export function sameShape(a: Tensor, b: Tensor): boolean {
  return a.shape.length === b.shape.length && a.shape.every((extent, i) => extent === b.shape[i]);
}

/**
 * What every operation asks of the tensors that it is given, before it takes memory for its result: numbers that are floats, memory that is
 * still theirs, and one device.
 *
 * @throws CyclopsError naming the operation
 */
export function requireOperands(operation: string, ...operands: readonly Tensor[]): void {
  for (const operand of operands) {
    requireTensor(operation, operand);
    operand.requireLive();
    requireFloats(operation, operand);
    requireOneDevice(operation, operands[0] ?? operand, operand);
  }
}

/** Those of some optional operands that are there. */
export function given(...optional: readonly (Tensor | null | undefined)[]): Tensor[] {
  return optional.filter((tensor) => tensor !== null && tensor !== undefined);
}

/** @throws CyclopsError naming the operation for anything else */
export function requireTensor(operation: string, value: Tensor<DType>): void {
  // Who calls from JavaScript may pass anything.
  if (value instanceof Tensor) return;
  throw new CyclopsError(`${operation} takes tensors; got ${shown(value)}.`);
}

function requireFloats(operation: string, tensor: Tensor<DType>): void {
  if (tensor.dtype !== 'u32') return;
  throw new CyclopsError(`${operation} takes tensors of f32 or f16; got ${tensor}.`);
}

/** @throws CyclopsError naming the operation and both devices when they differ */
export function requireOneDevice(operation: string, a: Tensor, b: Tensor): void {
  if (a.device === b.device) return;
  throw new CyclopsError(
    `${operation} needs two tensors on one device; got one on ${a.device.info.name} and one on ` +
      `${b.device.info.name}, opened apart. Make both with the same Device.`,
  );
}

/** @throws CyclopsError as {@link requireOperands}, and naming both shapes or dtypes when they differ */
export function requireAlike(operation: string, a: Tensor, b: Tensor): void {
  requireSameType(operation, a, b);
  if (sameShape(a, b)) return;
  throw new CyclopsError(
    `${operation} needs two tensors of one shape; got [${a.shape.join(', ')}] and [${b.shape.join(', ')}].`,
  );
}

/** @throws CyclopsError as {@link requireOperands}, and naming both dtypes when they differ */
export function requireSameType(operation: string, a: Tensor, b: Tensor): void {
  requireOperands(operation, a, b);
  if (a.dtype === b.dtype) return;
  throw new CyclopsError(
    `${operation} needs two tensors of one dtype; got ${a.dtype} and ${b.dtype}. Convert one of them with cast().`,
  );
}

/** @throws CyclopsError naming what must be f32 when a tensor has another dtype */
export function requireF32(what: string, { dtype }: Tensor): void {
  if (dtype !== 'f32') throw new CyclopsError(`${what} must be f32; got ${dtype}. Convert it with cast().`);
}

/**
 * The extents of an image batch [N, H, W, C].
 *
 * @throws CyclopsError as {@link requireOperands}, and when the tensor has another rank
 */
export function imageExtents(operation: string, x: Tensor): { n: number; h: number; w: number; c: number } {
  requireOperands(operation, x);
  const [n, h, w, c] = x.shape;
  if (x.shape.length === 4 && n !== undefined && h !== undefined && w !== undefined && c !== undefined)
    return { n, h, w, c };
  throw new CyclopsError(`${operation} needs an image batch [N, H, W, C]; got [${x.shape.join(', ')}].`);
}
