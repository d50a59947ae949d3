/**
 * What the networks make of one image x, on the host: everything a score may look at. Images are [H, W, C] in [−1, 1],
 * row by row with the channels interleaved.
 */
export interface Views {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly x: Float32Array;
  /** x̂ = G_a2n(x), the image as the normal generator reconstructs it. */
  readonly reconstruction: Float32Array;
  /** G_n2a(x), the image with what the other generator holds for abnormal. */
  readonly abnormalVersion: Float32Array;
  /** SSIM(x, x̂). */
  readonly similarity: number;
  /** D_n(x), the discriminator of normal images: one logit a patch, high for normal. */
  readonly normality: Float32Array;
  /** D_a(x), the discriminator of abnormal images: one logit a patch, high for abnormal. */
  readonly abnormality: Float32Array;
}

export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ?? 0;
  return sum / values.length;
}

/** Σ (a − b)². */
export function squaredDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] ?? 0) - (b[i] ?? 0)) ** 2;
  return sum;
}
