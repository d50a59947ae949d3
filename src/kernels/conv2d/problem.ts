import type { Device } from '../../gpu/device.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { type BufferSlice, ceilDiv, immediates, type Launch } from '../../gpu/launch.ts';
import { DTYPE_BYTES, type FloatDType } from '../source.ts';

/** How a convolution slides: one stride and one padding for both axes. */
export interface ConvOptions {
  stride: number;
  padding: number;
  paddingMode: 'zeros' | 'reflect';
}

/** One convolution of x [n,h,w,c] with weight [kh,kw,c,o] to y [n,p,q,o]. */
export interface ConvProblem extends ConvOptions {
  n: number;
  h: number;
  w: number;
  c: number;
  p: number;
  q: number;
  o: number;
  kh: number;
  kw: number;
  /** That of x, y, their gradients and the weight that is multiplied. The weight's gradient and the bias are f32. */
  dtype: FloatDType;
  /**
   * Whether the product of two f32 numbers may be made of three of f16, on matrix hardware: good to 1e-5 in the norm instead of
   * 1e-6, as `splitProducts` says. Not unless told so.
   */
  split?: boolean;
}

/** Two convolutions by one weight, whose gradients with respect to it are added up. */
export interface WeightGradPairProblem extends ConvProblem {
  /** Images of the earlier one, which is the same for the rest. */
  earlier: number;
}

/** The earlier one and the other. */
export function problemsOfPair({ earlier, ...k }: WeightGradPairProblem): readonly [ConvProblem, ConvProblem] {
  return [{ ...k, n: earlier }, k];
}

/** What the launch of a convolution's kernel has of its own, besides what follows from the problem and its arguments. */
export interface Dispatch extends Pick<Launch, 'kernel' | 'workgroups' | 'matrices'> {
  /** Bindings after those that all kernels of the operation have. */
  readonly more?: readonly BufferSlice[];
}

/** a [rows, depth] · b [depth, columns] as a convolution: each row of a is a pixel, and b a weight of one tap. */
export function productProblem({
  rows,
  depth,
  columns,
  dtype,
}: {
  rows: number;
  depth: number;
  columns: number;
  dtype: FloatDType;
}): ConvProblem {
  const image = { n: 1, h: 1, w: rows, c: depth, p: 1, q: rows, o: columns, kh: 1, kw: 1 };
  return checkProblem({ ...image, stride: 1, padding: 0, paddingMode: 'zeros', dtype });
}

/** Kernels count rows and columns of the padded image in 32 bits, with a sign. */
const MOST_ROWS = 2 ** 31 - 1;

/** @throws CyclopsError when the output would be empty, the reflection is larger than the image, or stride or padding exceed all images */
export function checkProblem(problem: ConvProblem): ConvProblem {
  const { h, w, p, q, stride, padding, paddingMode } = problem;
  if (Math.max(h + 2 * padding, w + 2 * padding, stride) > MOST_ROWS) {
    throw new CyclopsError(
      `A convolution ${describe(problem)} has a stride or a padded image of more than ${MOST_ROWS} pixels. Use a smaller stride or padding.`,
    );
  }
  if (p < 1 || q < 1)
    throw new CyclopsError(
      `A convolution ${describe(problem)} has no output: the kernel is larger than the padded image.`,
    );
  if (paddingMode === 'reflect' && padding > 0 && padding >= Math.min(h, w)) {
    throw new CyclopsError(
      `Reflection padding of ${padding} needs an image of at least ${padding + 1}×${padding + 1} pixels here; got ${h}×${w}. Use larger images.`,
    );
  }
  return problem;
}

/** e.g. `3×3 s1 p1 reflect [1,64,64,32]→[1,64,64,64] f32`, with ` split` behind it where products may be. */
export function describe({
  n,
  h,
  w,
  c,
  p,
  q,
  o,
  kh,
  kw,
  stride,
  padding,
  paddingMode,
  dtype,
  split,
}: ConvProblem): string {
  const mode = padding > 0 ? ` ${paddingMode}` : '';
  const numbers = `${dtype}${split ? ' split' : ''}`;
  return `${kh}×${kw} s${stride} p${padding}${mode} [${n},${h},${w},${c}]→[${n},${p},${q},${o}] ${numbers}`;
}

/** Elements of x, of the weight and of y. */
export function convSizes({ n, h, w, c, p, q, o, kh, kw }: ConvProblem): { x: number; weight: number; y: number } {
  return { x: n * h * w * c, weight: kh * kw * c * o, y: n * p * q * o };
}

/** Multiply-adds count two. */
export function convFlops({ n, p, q, o, kh, kw, c }: ConvProblem): number {
  return 2 * n * p * q * o * kh * kw * c;
}

/** Bytes of x, weight and y, each moved once. */
export function convBytes(problem: ConvProblem): number {
  const { x, weight, y } = convSizes(problem);
  return DTYPE_BYTES[problem.dtype] * (x + weight + y);
}

/** The immediates that all convolution kernels begin with. */
export function convImmediates(k: ConvProblem, ...more: number[]): Uint32Array<ArrayBuffer> {
  const reflect = k.paddingMode === 'reflect' ? 1 : 0;
  return immediates(k.n, k.h, k.w, k.c, k.p, k.q, k.o, k.kh, k.kw, k.stride, k.padding, reflect, ...more);
}

/** Whether a launch may have so many workgroups along each axis. */
export function gridFits({ limits }: Device, workgroups: readonly number[]): boolean {
  return workgroups.every((count) => count <= limits.maxComputeWorkgroupsPerDimension);
}

/** Pixels of x that one of the stride² phases of an input gradient holds, at most. */
export function phaseRows({ n, h, w, stride }: ConvProblem): number {
  return n * ceilDiv(h, stride) * ceilDiv(w, stride);
}

/** Gradients under reflection fold mirrored positions back; the tiled kernels do so at stride 1 only. */
export function foldsSimply({ stride, paddingMode }: ConvProblem): boolean {
  return stride === 1 || paddingMode === 'zeros';
}
