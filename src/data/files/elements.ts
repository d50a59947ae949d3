/** How tensors lie in files of weights, little-endian. */

/** Bytes of an element that becomes a number in f32. */
const FLOAT_BYTES = { F64: 8, F32: 4, F16: 2, BF16: 2 } as const;

/** An element that becomes a number in f32, by its name in safetensors. */
export type FloatElement = keyof typeof FLOAT_BYTES;

export function isFloatElement(name: string): name is FloatElement {
  return Object.hasOwn(FLOAT_BYTES, name);
}

export function floatBytes(element: FloatElement): number {
  return FLOAT_BYTES[element];
}

/** Numbers in f32, rounded to nearest where they were F64. @param bytes a whole number of elements, however aligned */
export function toFloat32(bytes: Uint8Array, element: FloatElement): Float32Array<ArrayBuffer> {
  const { buffer } = new Uint8Array(bytes);
  if (element === 'F32') return new Float32Array(buffer);
  if (element === 'F64') return Float32Array.from(new Float64Array(buffer));
  if (element === 'F16') return Float32Array.from(new Uint16Array(buffer), halfToFloat);
  // BF16 is the upper half of an f32.
  return new Float32Array(Uint32Array.from(new Uint16Array(buffer), (bits) => bits << 16).buffer);
}

/** IEEE 754 binary16: 1 sign bit, 5 exponent bits (bias 15), 10 fraction bits. */
function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
