/** How tensors lie in files of weights, little-endian. */
import { halfToFloat } from './half.ts';

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
