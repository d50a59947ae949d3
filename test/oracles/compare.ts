import type { FloatDType } from '../../src/kernels/source.ts';

/**
 * The largest absolute difference, as a share of the largest expected value, or of the size that such values typically have
 * where all of a few happen to be small; infinite where a value is not finite.
 */
export function worst(actual: ArrayLike<number>, expected: ArrayLike<number>, typical = 0): number {
  let largest = typical;
  let difference = 0;
  for (let i = 0; i < expected.length; i++) {
    const value = actual[i] ?? Number.NaN;
    if (!Number.isFinite(value)) return Infinity;
    largest = Math.max(largest, Math.abs(expected[i]!));
    difference = Math.max(difference, Math.abs(value - expected[i]!));
  }
  return largest === 0 ? difference : difference / largest;
}

/** Uniform in [-1, 1). */
export function random(count: number): Float32Array {
  return Float32Array.from({ length: count }, () => 2 * Math.random() - 1);
}

/** The typical size, as a root of the mean square, of a sum of so many products of {@link random} numbers. */
export function typicalSum(products: number): number {
  return Math.sqrt(products) / 3;
}

/** What an output buffer holds before a kernel runs, so that an element it forgets shows. */
export function poison(count: number): Float32Array {
  return new Float32Array(count).fill(Number.NaN);
}

/** Uniform in [-1, 1), rounded to what the storage can hold, so that an oracle sees the numbers that a kernel sees. */
export function randomAs(dtype: FloatDType, count: number): Float32Array {
  return rounded(dtype, random(count));
}

/** Numbers as the storage can hold them. */
export function rounded(dtype: FloatDType, values: Float32Array): Float32Array {
  return dtype === 'f32' ? values : values.map(roundToHalf);
}

/** How far a result may be from the oracle: f32 as given, f16 by its rounding. */
export function tolerance(dtype: FloatDType, exact: number): number {
  return dtype === 'f32' ? exact : 1e-3;
}

/** The nearest f16 to a number of less than 65504: a multiple of 2⁻¹⁰ of its power of two, ties to even ones. */
function roundToHalf(value: number): number {
  const step = 2 ** (Math.max(-14, Math.floor(Math.log2(Math.abs(value) || 1))) - 10);
  const steps = value / step;
  return (Math.abs(steps % 1) === 0.5 ? 2 * Math.round(steps / 2) : Math.round(steps)) * step;
}
