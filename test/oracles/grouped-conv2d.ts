/**
 * Convolution in groups, with strides, steps and paddings of each axis and side, and its gradients, in float64 from the definition:
 * y[n,p,q,o] = Σ x[n, ρ(p·sh + r·dh − top), ρ(q·sw + t·dw − left), first(o) + c] · w[r,t,c,o].
 */
import type { GroupedProblem } from '../../src/kernels/conv2d/grouped.ts';

/** Where a padded position reads: itself inside the image, its mirror under reflection, else nowhere. */
function read(position: number, extent: number, mode: GroupedProblem['paddingMode']): number | null {
  if (position >= 0 && position < extent) return position;
  if (mode === 'zeros') return null;
  return position < 0 ? -position : 2 * (extent - 1) - position;
}

/** Visits every product of the definition with the flat indices of x, w and y. */
function visit(k: GroupedProblem, product: (xi: number, wi: number, yi: number) => void): void {
  const channels = k.c / k.groups;
  for (let yi = 0; yi < k.n * k.p * k.q * k.o; yi++) {
    const [o, q, p] = [yi % k.o, Math.floor(yi / k.o) % k.q, Math.floor(yi / (k.o * k.q)) % k.p];
    const n = Math.floor(yi / (k.o * k.q * k.p));
    const first = Math.floor(o / (k.o / k.groups)) * channels;
    for (let r = 0; r < k.kh; r++)
      for (let t = 0; t < k.kw; t++) {
        const h = read(p * k.stride[0] + r * k.dilation[0] - k.padding[0][0], k.h, k.paddingMode);
        const w = read(q * k.stride[1] + t * k.dilation[1] - k.padding[1][0], k.w, k.paddingMode);
        if (h === null || w === null) continue;
        for (let c = 0; c < channels; c++)
          product(((n * k.h + h) * k.w + w) * k.c + first + c, ((r * k.kw + t) * channels + c) * k.o + o, yi);
      }
  }
}

export function forward(k: GroupedProblem, x: ArrayLike<number>, w: ArrayLike<number>): Float64Array {
  const y = new Float64Array(k.n * k.p * k.q * k.o);
  visit(k, (xi, wi, yi) => {
    y[yi]! += x[xi]! * w[wi]!;
  });
  return y;
}

export function inputGrad(k: GroupedProblem, dy: ArrayLike<number>, w: ArrayLike<number>): Float64Array {
  const dx = new Float64Array(k.n * k.h * k.w * k.c);
  visit(k, (xi, wi, yi) => {
    dx[xi]! += dy[yi]! * w[wi]!;
  });
  return dx;
}

export function weightGrad(k: GroupedProblem, x: ArrayLike<number>, dy: ArrayLike<number>): Float64Array {
  const dw = new Float64Array((k.kh * k.kw * k.c * k.o) / k.groups);
  visit(k, (xi, wi, yi) => {
    dw[wi]! += x[xi]! * dy[yi]!;
  });
  return dw;
}
