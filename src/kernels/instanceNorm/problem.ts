/** Instance normalisation of x [N, H·W, C] over the pixels of each image and channel, with an activation in the same pass. */
import { type BufferSlice, f32, groups, immediates } from '../../gpu/launch.ts';
import { ACTIVATION_CODES, type Activation } from '../activation.ts';

export interface NormProblem {
  n: number;
  pixels: number;
  channels: number;
}

/** What forward and backward pass have to agree on. */
export interface NormOptions {
  eps: number;
  /** Applied to the normalised values. */
  activation: Activation;
  /** γ and β, one value a channel each. */
  affine: { gamma: BufferSlice; beta: BufferSlice } | null;
}

/** Pixels a workgroup walks; short shares keep the statistics exact and feed many cores. */
const SHARE = 256;

/** Shares of an image's pixels. */
export function pixelShares({ pixels }: NormProblem): number {
  return groups(pixels, SHARE);
}

/** e.g. `[1,4096,64]`. */
export function describe({ n, pixels, channels }: NormProblem): string {
  return `[${n},${pixels},${channels}]`;
}

/** Bytes of x. */
export function normBytes({ n, pixels, channels }: NormProblem): number {
  return 4 * n * pixels * channels;
}

/** The immediates of all kernels of instance norm. */
export function normImmediates({ n, pixels, channels }: NormProblem, shares: number, eps: number) {
  return immediates(n, pixels, channels, shares, f32(eps));
}

/** γ and β, or any buffer in their place that the kernel does not read. */
export function affineOr({ affine }: NormOptions, standIn: BufferSlice): [BufferSlice, BufferSlice] {
  return affine ? [affine.gamma, affine.beta] : [standIn, standIn];
}

/** The constants of all kernels that know the activation. */
export function normConstants({ activation, affine }: NormOptions): Record<string, number> {
  return { ACTIVATION: ACTIVATION_CODES[activation], AFFINE: affine ? 1 : 0 };
}
