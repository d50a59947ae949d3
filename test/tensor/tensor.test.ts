import { afterAll, beforeAll, expect, test } from 'vitest';
import { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import { cast } from '../../src/tensor/cast.ts';
import { print } from '../../src/tensor/print.ts';
import { Tensor } from '../../src/tensor/tensor.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ checked: true });
});
afterAll(() => device.close());

test('integers come back as integers, floats as floats', async () => {
  const integers = [0, 1, 2 ** 31, 2 ** 32 - 1, 0x7f800001];
  const u32: Uint32Array = await Tensor.from(device, integers, [5], 'u32').data();
  expect(u32).toEqual(Uint32Array.from(integers));
  const f32: Float32Array = await Tensor.from(device, [0.5, -2], [2]).data();
  expect(f32).toEqual(Float32Array.from([0.5, -2]));
  const f16: Float32Array = await Tensor.from(device, [0.5, -2], [2], 'f16').data();
  expect(f16).toEqual(Float32Array.from([0.5, -2]));
});

test.each([-1, 1.5, 2 ** 32, Number.NaN, Infinity])('%f is no u32, and its refusal takes no memory', (value) => {
  const before = device.pool.use.liveBytes;
  expect(() => Tensor.from(device, [7, value], [2], 'u32')).toThrow(CyclopsError);
  expect(() => Tensor.from(device, [7, value], [2], 'u32')).toThrow(
    /integers from 0 to 2\^32 − 1; got .* at position 1/,
  );
  expect(() => Tensor.from(device, [7, 8, 9], [2])).toThrow(/holds 2 values; got 3/);
  expect(device.pool.use.liveBytes).toBe(before);
});

test('a shape is what it was when the tensor was made', () => {
  const shape = [2, 3];
  const x = Tensor.empty(device, shape);
  shape[0] = 7;
  expect(x.shape).toEqual([2, 3]);
});

test('digits, dtypes and shapes that cannot be are refused', async () => {
  const x = Tensor.from(device, [1], [1]);
  for (const digits of [-1, 1.5, 101, Number.NaN]) await expect(print(x, digits)).rejects.toThrow(CyclopsError);
  // @ts-expect-error
  const dtype: 'f32' = 'f64';
  // @ts-expect-error
  const integers: 'f32' = 'u32';
  // @ts-expect-error
  const shape: number[] = 4;
  for (const use of [
    () => Tensor.empty(device, [1], dtype),
    () => cast(x, dtype),
    () => cast(x, integers),
    () => Tensor.empty(device, shape),
    () => x.reshape(shape),
    () => x.reshape([]).reshape([0]),
  ]) {
    expect(use).toThrow(CyclopsError);
  }
});

test('so do item, print and views', async () => {
  const x = Tensor.from(device, [7, 4_000_000_000], [2], 'u32');
  expect(await print(x.reshape([2, 1]))).toMatch(/\[\[7\], \[4000000000\]\]$/);
  expect(await Tensor.from(device, [4_000_000_000], [1], 'u32').item()).toBe(4_000_000_000);
});
