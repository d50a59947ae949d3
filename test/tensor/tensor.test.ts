import { afterAll, beforeAll, expect, test } from 'vitest';
import { Device } from '../../src/gpu/device.ts';
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

test('so do item, print and views', async () => {
  const x = Tensor.from(device, [7, 4_000_000_000], [2], 'u32');
  expect(await print(x.reshape([2, 1]))).toMatch(/\[\[7\], \[4000000000\]\]$/);
  expect(await Tensor.from(device, [4_000_000_000], [1], 'u32').item()).toBe(4_000_000_000);
});
