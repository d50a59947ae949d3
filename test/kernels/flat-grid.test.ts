import { afterAll, beforeAll, expect, test } from 'vitest';
import { Device } from '../../src/gpu/device.ts';
import { fill } from '../../src/kernels/elementwise.ts';
import { flatGrid } from '../../src/kernels/flat-grid.ts';
import { Tensor } from '../../src/tensor/tensor.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ checked: true });
});
afterAll(() => device.close());

test.each([
  [1, 64, 1],
  [64, 64, 1],
  [65, 64, 2],
  [3, 1, 3],
])('%i items, %i a workgroup, take %i', (items, perGroup, workgroups) => {
  expect(flatGrid(device, items, perGroup)).toEqual([workgroups, 1, 1]);
});

test('where items need more workgroups than a launch may have, the kernel reaches the last of them all the same', async () => {
  const most = device.limits.maxComputeWorkgroupsPerDimension;
  const count = 4 * 64 * most + 4;
  expect(flatGrid(device, count / 4)).toEqual([most, 1, 1]);
  const x = Tensor.empty(device, [count]);
  fill(device, { value: 0.5, out: x.slice, count });
  const end = await device.read({ ...x.slice, offset: 4 * (count - 64), size: 256 });
  expect([...new Float32Array(end)]).toEqual(new Array(64).fill(0.5));
  x.dispose();
});
