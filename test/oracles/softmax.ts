/** Softmax along the middle axis of [outer, size, inner] and its gradient, in float64. */

export type Around = [outer: number, size: number, inner: number];

function* rows([outer, size, inner]: Around): Generator<number[]> {
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) yield Array.from({ length: size }, (_, a) => (o * size + a) * inner + i);
}

export function softmax(around: Around, x: ArrayLike<number>): Float64Array {
  const y = new Float64Array(x.length);
  for (const places of rows(around)) {
    const most = Math.max(...places.map((place) => x[place]!));
    const total = places.reduce((sum, place) => sum + Math.exp(x[place]! - most), 0);
    for (const place of places) y[place] = Math.exp(x[place]! - most) / total;
  }
  return y;
}

export function softmaxGradient(around: Around, y: ArrayLike<number>, gradOutput: ArrayLike<number>): Float64Array {
  const gradX = new Float64Array(y.length);
  for (const places of rows(around)) {
    const product = places.reduce((sum, place) => sum + gradOutput[place]! * y[place]!, 0);
    for (const place of places) gradX[place] = y[place]! * (gradOutput[place]! - product);
  }
  return gradX;
}
