import { afterAll, beforeAll, expect, test } from 'vitest';
import { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import { BufferPool } from '../../src/gpu/pool.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ backend: 'null' });
});
afterAll(() => device.close());

test('no buffer is larger than the device takes, also where a size class would be', () => {
  const sizes: number[] = [];
  const create = ({ size }: GPUBufferDescriptor) => {
    sizes.push(size);
    return device.gpu.createBuffer({ size: 16, usage: GPUBufferUsage.STORAGE });
  };
  // No powers of two, as NVIDIA's are.
  const limits = { maxBufferSize: 4_292_870_145, maxStorageBufferBindingSize: 4_292_870_141 };
  const pool = new BufferPool(limits, { create }, true);
  const largest = 4_292_870_128;
  for (const bytes of [1, 3_000_000_000, 3_900_000_000, largest]) {
    pool.release(pool.take(bytes));
    const size = sizes.at(-1) ?? 0;
    expect(size).toBeGreaterThanOrEqual(bytes);
    expect(size).toBeLessThanOrEqual(limits.maxBufferSize);
    expect(size % 16).toBe(0);
  }
  expect(() => pool.take(largest + 4)).toThrow(CyclopsError);
});
