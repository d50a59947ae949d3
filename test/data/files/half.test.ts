import { expect, test } from 'vitest';
import { floatToHalf } from '../../../src/data/files/half.ts';
import { decodeSafetensors, encodeSafetensors } from '../../../src/data/files/safetensors.ts';

/** What a file of these bits holds, as the reader widens them. */
function widened(bits: readonly number[]): Float32Array {
  const file = encodeSafetensors(new Map([['x', { shape: [bits.length], data: Uint16Array.from(bits) }]]));
  const { dtype, data } = decodeSafetensors(file, 'halves').tensors.get('x') ?? {};
  expect(dtype).toBe('F16');
  if (data instanceof Float32Array) return data;
  throw new Error('F16 is read as floats.');
}

test('every number of f16 keeps its bits', () => {
  const finite = Array.from({ length: 2 ** 16 }, (_, bits) => bits).filter((bits) => (bits & 0x7c00) !== 0x7c00);
  expect([...widened(finite)].map(floatToHalf)).toEqual(finite);
  for (const infinite of [0x7c00, 0xfc00]) expect(floatToHalf(widened([infinite])[0] ?? 0)).toBe(infinite);
  expect(widened([floatToHalf(Number.NaN)])[0]).toBeNaN();
});

test('others go to the nearest, and to the even one of two', () => {
  // Next to each other, so that what lies between them has a nearest, or two.
  for (const bits of [0, 1, 2, 0x3ff, 0x400, 0x401, 0x3bff, 0x3c00, 0x5640, 0x7bfe]) {
    const [low = 0, high = 0] = widened([bits, bits + 1]);
    const step = high - low;
    expect(floatToHalf(low + step * 0.4999)).toBe(bits);
    expect(floatToHalf(low + step * 0.5001)).toBe(bits + 1);
    expect(floatToHalf(low + step / 2)).toBe(bits % 2 === 0 ? bits : bits + 1);
    expect(floatToHalf(-(low + step * 0.5001))).toBe(0x8000 | (bits + 1));
  }
  expect(floatToHalf(65519)).toBe(0x7bff);
  expect(floatToHalf(65520)).toBe(0x7c00);
  expect(floatToHalf(-1e30)).toBe(0xfc00);
  expect(floatToHalf(-0)).toBe(0x8000);
});
