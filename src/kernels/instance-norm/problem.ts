/** Instance normalisation of x [N, H·W, C] over the pixels of each image and channel, with an activation in the same pass. */
import { type BufferSlice, ceilDiv, f32, immediates } from '../../gpu/launch.ts';
import { ACTIVATION_CODES, type Activation } from '../activation.ts';
import { DTYPE_BYTES, type FloatDType } from '../source.ts';

export interface NormProblem {
  n: number;
  pixels: number;
  channels: number;
  /** Of x, y, the residual and their gradients; statistics, sums, γ and β are f32. */
  dtype: FloatDType;
}

/** What forward and backward pass have to agree on. */
export interface NormOptions {
  eps: number;
  /** Applied to the normalised values. */
  activation: Activation;
  /** γ and β, one value a channel each. */
  affine: { gamma: BufferSlice; beta: BufferSlice } | null;
}

/** Shares of a plane at most: every workgroup that uses their results reads all of them. */
const MAX_SHARES = 16;
/** Pixels of a share at least; a multiple of 16 since sums are taken in blocks of 16. */
const MIN_SHARE = 256;

/** How an image's pixels are split: pixels a share (the last may have fewer), and the number of shares. */
export interface Shares {
  readonly share: number;
  readonly shares: number;
}

/** Few shares, for a few cores. */
export function pixelShares({ pixels }: NormProblem): Shares {
  const share = Math.max(MIN_SHARE, 16 * ceilDiv(pixels, 16 * MAX_SHARES));
  return { share, shares: ceilDiv(pixels, share) };
}

/** Whether a plane is so small that one core may walk all of it: beyond, a launch costs little, and shares feed more cores. */
export function fitsOneCore({ pixels }: NormProblem): boolean {
  return pixels <= 4096;
}

/** Rows of a workgroup times the pixels that each keeps in registers, as in instance-norm/parts/workgroup.wgsl. */
const HELD_PIXELS = 128 * 8;

/** What launches of a workgroup for each plane of 8 channels have in common. */
export function workgroupLaunch({ n, pixels, channels }: NormProblem) {
  return {
    constants: { HOLD: pixels <= HELD_PIXELS ? 1 : 0 },
    workgroups: [ceilDiv(channels, 8), n, 1],
  } as const;
}

/** Workgroup memory that kernels with instance-norm/parts/rows.wgsl declare, in bytes. */
export const WORKGROUP_BYTES = 2 * 256 * 16;

/** Workgroups that fill a large GPU: eight for each of some 130 processors. */
const MANY_WORKGROUPS = 1024;
/** Shares of a plane at most, since every workgroup of the second launch reads the results of all. */
const MAX_SPLIT_SHARES = 128;
/** Pixels of a share at least: {@link SPLIT_ROWS} rows of 4 at once. */
const MIN_SPLIT_SHARE = 128;
/** As in instance-norm/parts/split.wgsl. */
const SPLIT_ROWS = 32;

/**
 * Whether two launches over shares of the pixels beat one workgroup a plane, which reads x twice and 32 bytes of a pixel at a time. On an
 * H200 with f16: [16,4096,128] 62 % of the copy rate against 30 %, [16,16384,128] 92 against 33, [16,65536,64] 100 against 24 (backward).
 */
export function worthSplitting({ pixels }: NormProblem): boolean {
  return pixels > HELD_PIXELS;
}

/** How they are split there: about as many workgroups, each for a share of the pixels of 32 channels, as fill a large GPU. */
export function splitShares({ n, pixels, channels }: NormProblem): Shares {
  const planes = n * ceilDiv(channels, 32);
  const wanted = Math.min(MAX_SPLIT_SHARES, ceilDiv(MANY_WORKGROUPS, planes));
  const share = Math.max(MIN_SPLIT_SHARE, SPLIT_ROWS * ceilDiv(pixels, SPLIT_ROWS * wanted));
  return { share, shares: ceilDiv(pixels, share) };
}

/** e.g. `[1,4096,64] f32`. */
export function describe({ n, pixels, channels, dtype }: NormProblem): string {
  return `[${n},${pixels},${channels}] ${dtype}`;
}

/** Elements of x. */
export function normSize({ n, pixels, channels }: NormProblem): number {
  return n * pixels * channels;
}

/** Bytes of x. */
export function normBytes(k: NormProblem): number {
  return DTYPE_BYTES[k.dtype] * normSize(k);
}

/** The immediates of all kernels of instance norm. */
export function normImmediates({ n, pixels, channels }: NormProblem, share: number, eps: number) {
  return immediates(n, pixels, channels, share, f32(eps));
}

/** γ and β, or any buffer in their place that the kernel does not read. */
export function affineOr({ affine }: NormOptions, standIn: BufferSlice): [BufferSlice, BufferSlice] {
  return affine ? [affine.gamma, affine.beta] : [standIn, standIn];
}

/** The constants of all kernels that know the activation. */
export function normConstants({ activation, affine }: NormOptions): Record<string, number> {
  return { ACTIVATION: ACTIVATION_CODES[activation], AFFINE: affine ? 1 : 0 };
}
