/** Numbers of 16 bits: IEEE 754 binary16, 1 sign bit, 5 exponent bits of bias 15, 10 fraction bits. */

/** The number that these bits are. */
export function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const scratch = new DataView(new ArrayBuffer(4));

/**
 * The bits of a number, rounded to the nearest, ties to even. What is too large becomes infinite.
 */
export function floatToHalf(value: number): number {
  scratch.setFloat32(0, value);
  const sign = (scratch.getUint32(0) >>> 16) & 0x8000;
  const size = Math.abs(Math.fround(value));
  if (Number.isNaN(size)) return sign | 0x7e00;
  // From here on numbers would be rounded to 65536, which there is none of.
  if (size >= 65520) return sign | 0x7c00;
  // Below 2^-14 numbers lie as far apart as just above it, and the exponent is 0.
  const exponent = Math.max(-14, Math.floor(Math.log2(size)));
  const steps = toEven(size / 2 ** (exponent - 10));
  // Where there are 1024 steps or more, the leading one counts up the exponent; rounding up to 2048 does so once more.
  return sign | (((exponent + 14) << 10) + steps);
}

/** Rounds to the nearest whole number, ties to even. */
function toEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
