import { afterEach, beforeEach, expect, test } from 'vitest';
import { Device } from '../../src/gpu/device.ts';
import { CyclopsError, OutOfMemoryError } from '../../src/gpu/errors.ts';
import { scale } from '../../src/kernels/elementwise.ts';
import { scope } from '../../src/tensor/scope.ts';
import { Tensor } from '../../src/tensor/tensor.ts';

/** What Dawn's null backend gives out in all; it counts bytes and throws what lies beyond, as a full GPU does. */
const NULL_BYTES = 512 * 2 ** 20;

let device: Device;
let hoard: GPUBuffer[];
beforeEach(async () => {
  device = await Device.open({ backend: 'null' });
  hoard = [];
});
afterEach(() => device.close());

/** Takes all memory that is left, past the engine. */
async function fillUp(): Promise<void> {
  const { gpu } = device;
  for (let size = NULL_BYTES / 4; size >= 4; size /= 2) {
    for (let denied = false; !denied; ) {
      gpu.pushErrorScope('out-of-memory');
      const buffer = gpu.createBuffer({ size, usage: GPUBufferUsage.COPY_DST });
      denied = (await gpu.popErrorScope()) !== null;
      if (!denied) hoard.push(buffer);
    }
  }
}

test('where the memory is full, the error says what was asked for, how much, what is held, and where', async () => {
  const held = Tensor.empty(device, [5, 7]);
  await fillUp();
  const before = { ...device.pool.use };
  const ask = () => device.within('G_A', () => device.within('model', () => Tensor.empty(device, [3, 100, 33])));
  expect(ask).toThrow(OutOfMemoryError);
  expect(ask).toThrow(
    /^The device null backend has no memory for a tensor \[3, 100, 33\] of 40960 bytes: it holds 256 bytes in 1 buffer, at G_A\.model \(forward\)\. Use a smaller batch/,
  );
  expect(device.pool.use).toMatchObject({ liveBytes: before.liveBytes, liveBuffers: before.liveBuffers });
  // The device goes on: nothing is left to be reported, and what is given back can be used.
  await device.fence();
  for (const buffer of hoard) buffer.destroy();
  Tensor.empty(device, [3, 100, 33]).dispose();
  held.dispose();
});

test('memory that is only kept for reuse is given back before the engine gives up', async () => {
  for (const tensor of Array.from({ length: 64 }, () => Tensor.empty(device, [60]))) tensor.dispose();
  expect(device.pool.use.pooledBytes).toBe(64 * 256);
  await fillUp();
  const tensor = Tensor.empty(device, [1000]);
  expect(device.pool.use).toMatchObject({ pooledBytes: 0, liveBuffers: 1 });
  await device.fence();
  tensor.dispose();
});

test('launches that are recorded and not submitted yet keep their memory', async () => {
  scope(() => {
    const x = Tensor.empty(device, [60]);
    scale(device, { x: x.slice, factor: 2, out: Tensor.empty(device, [60]).slice, count: 60 });
  });
  await fillUp();
  // As large as both together, and of another size.
  Tensor.empty(device, [100]);
  await device.fence();
});

test('memory that runs out unasked is no fault of the program either', async () => {
  await fillUp();
  device.gpu.createBuffer({ size: 256, usage: GPUBufferUsage.COPY_DST });
  const fence = device.fence();
  await expect(fence).rejects.toThrow(OutOfMemoryError);
  await expect(fence).rejects.toThrow(
    /null backend ran out of memory \(.+\): it holds 0 bytes in 0 buffers\. Use a smaller/,
  );
  await device.fence();
});

test('a capture without memory for its temporaries keeps none', async () => {
  const x = Tensor.empty(device, [9]);
  const y = Tensor.empty(device, [9]);
  await fillUp();
  const live = device.pool.use.liveBuffers;
  const step = () =>
    scope(() => {
      const inner = Tensor.empty(device, [9]);
      scale(device, { x: x.slice, factor: 2, out: inner.slice, count: 9 });
      scale(device, { x: inner.slice, factor: 2, out: y.slice, count: 9 });
    });
  expect(() => device.capture(step)).toThrow(OutOfMemoryError);
  expect(device.pool.use.liveBuffers).toBe(live);
  let survivor: Tensor | undefined;
  expect(() =>
    device.capture(() => {
      survivor = Tensor.empty(device, [9]);
    }),
  ).toThrow(OutOfMemoryError);
  survivor?.dispose();
  expect(device.pool.use.liveBuffers).toBe(live);
});

test('trim gives what is kept for reuse back, staging buffers too, and results stay right', async () => {
  const real = await Device.open({ checked: true });
  const x = Tensor.from(real, [1, 2, 3], [3]);
  expect([...(await x.data())]).toEqual([1, 2, 3]);
  Tensor.empty(real, [5000]).dispose();
  const destroyed: string[] = [];
  const destroy = GPUBuffer.prototype.destroy;
  GPUBuffer.prototype.destroy = function (this: GPUBuffer) {
    destroyed.push(this.label);
    return destroy.call(this);
  };
  try {
    real.trim();
  } finally {
    GPUBuffer.prototype.destroy = destroy;
  }
  expect(destroyed).toEqual([expect.stringMatching(/^pool/), expect.stringMatching(/^readback/)]);
  expect(real.pool.use.pooledBytes).toBe(0);
  expect([...(await x.data())]).toEqual([1, 2, 3]);
  real.close();
});

test('more than a binding takes is refused before anything is asked of the device', async () => {
  expect(() => Tensor.empty(device, [2 ** 28])).toThrow(CyclopsError);
  expect(() => Tensor.empty(device, [2 ** 28])).not.toThrow(OutOfMemoryError);
});

test('a driver that has no memory is noticed', async () => {
  const real = await Device.open({ checked: true });
  const { gpu } = real;
  const create = gpu.createBuffer.bind(gpu);
  let asked = 0;
  // More than llvmpipe gives out at once stands for a GPU that is full.
  gpu.createBuffer = (descriptor) => {
    asked += 1;
    return create({ ...descriptor, size: gpu.limits.maxBufferSize });
  };
  expect(() => Tensor.empty(real, [300, 1000])).toThrow(/has no memory for a tensor \[300, 1000\] of 1\.3 MiB/);
  expect(asked).toBe(2);
  gpu.createBuffer = create;
  expect([...(await Tensor.from(real, [1, 2], [2]).data())]).toEqual([1, 2]);
  real.close();
});
