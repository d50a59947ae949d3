/** Convolution and its gradients in float64, from the definition: y[n,p,q,o] = Σ x[n, ρ(p·s + r − pad), ρ(q·s + t − pad), c] · w[r,t,c,o]. */
import type { ConvProblem } from '../../src/kernels/conv2d/problem.ts';

/** Where a padded position reads: itself inside the image, its mirror under reflection, else nowhere. */
function read(position: number, extent: number, mode: ConvProblem['paddingMode']): number | null {
  if (position >= 0 && position < extent) return position;
  if (mode === 'zeros') return null;
  return position < 0 ? -position : 2 * (extent - 1) - position;
}

/** Visits every product of the definition with the flat indices of x, w and y. */
function visit(k: ConvProblem, product: (xi: number, wi: number, yi: number) => void): void {
  for (let n = 0; n < k.n; n++)
    for (let p = 0; p < k.p; p++)
      for (let q = 0; q < k.q; q++)
        for (let r = 0; r < k.kh; r++)
          for (let t = 0; t < k.kw; t++) {
            const h = read(p * k.stride + r - k.padding, k.h, k.paddingMode);
            const w = read(q * k.stride + t - k.padding, k.w, k.paddingMode);
            if (h === null || w === null) continue;
            for (let c = 0; c < k.c; c++)
              for (let o = 0; o < k.o; o++) {
                const pixel = (n * k.h + h) * k.w + w;
                product(pixel * k.c + c, ((r * k.kw + t) * k.c + c) * k.o + o, ((n * k.p + p) * k.q + q) * k.o + o);
              }
          }
}

export function forward(k: ConvProblem, x: ArrayLike<number>, w: ArrayLike<number>): Float64Array {
  const y = new Float64Array(k.n * k.p * k.q * k.o);
  visit(k, (xi, wi, yi) => {
    y[yi]! += x[xi]! * w[wi]!;
  });
  return y;
}

export function inputGrad(k: ConvProblem, dy: ArrayLike<number>, w: ArrayLike<number>): Float64Array {
  const dx = new Float64Array(k.n * k.h * k.w * k.c);
  visit(k, (xi, wi, yi) => {
    dx[xi]! += dy[yi]! * w[wi]!;
  });
  return dx;
}

export function weightGrad(k: ConvProblem, x: ArrayLike<number>, dy: ArrayLike<number>): Float64Array {
  const dw = new Float64Array(k.kh * k.kw * k.c * k.o);
  visit(k, (xi, wi, yi) => {
    dw[wi]! += x[xi]! * dy[yi]!;
  });
  return dw;
}
