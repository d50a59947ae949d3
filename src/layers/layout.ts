/**
 * The order of axes at the border. Weights of convolutions are [KH,KW,C,O] on the device and OIHW in the reference;
 * weights of transposed convolutions are [KH,KW,Cout,Cin] and [Cin,Cout,KH,KW]. So both turn [a,b,c,d] into [d,c,a,b].
 * Tensors of other ranks are the same on both sides.
 */

/** A tensor's values on the host, row-major. */
export interface StateTensor<Data> {
  readonly shape: readonly number[];
  readonly data: Data;
}

/** A parameter's values, read from the device, as the reference stores them. */
export function toReferenceLayout(
  data: Float32Array<ArrayBuffer>,
  shape: readonly number[],
): StateTensor<Float32Array<ArrayBuffer>> {
  return { shape: referenceShape(shape), data: permute(data, shape, [3, 2, 0, 1]) };
}

/** Values as the reference stores them under `shape`, in the device's order. */
export function fromReferenceLayout(data: ArrayLike<number>, shape: readonly number[]): Float32Array<ArrayBuffer> {
  return permute(data, shape, [2, 3, 1, 0]);
}

/** The reference's shape of a parameter that has `shape` on the device. */
export function referenceShape(shape: readonly number[]): readonly number[] {
  const [kh, kw, c, o] = shape;
  if (kh === undefined || kw === undefined || c === undefined || o === undefined) return shape;
  return [o, c, kh, kw];
}

/** Axis i of the result is axis `axes[i]` of a row-major tensor of rank 4; tensors of other ranks are copied. */
export function permute(
  data: ArrayLike<number>,
  shape: readonly number[],
  axes: readonly [number, number, number, number],
): Float32Array<ArrayBuffer> {
  if (shape.length !== 4) return Float32Array.from(data);
  const axis = (i: number) => ({
    extent: shape[i] ?? 0,
    stride: shape.slice(i + 1).reduce((product, extent) => product * extent, 1),
  });
  const [a, b, c, d] = [axis(axes[0]), axis(axes[1]), axis(axes[2]), axis(axes[3])];
  const out = new Float32Array(data.length);
  let next = 0;
  for (let i = 0; i < a.extent; i++) {
    for (let j = 0; j < b.extent; j++) {
      for (let k = 0; k < c.extent; k++) {
        const start = i * a.stride + j * b.stride + k * c.stride;
        for (let l = 0; l < d.extent; l++) out[next++] = data[start + l * d.stride] ?? Number.NaN;
      }
    }
  }
  return out;
}
