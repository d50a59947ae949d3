import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Allocator } from '../../src/gpu/allocator.ts';
import { Device } from '../../src/gpu/device.ts';
import {
  CyclopsError,
  DeviceLostError,
  DeviceUnavailableError,
  NoAdapterError,
  OutOfMemoryError,
} from '../../src/gpu/errors.ts';
import { f32, immediates, type Kernel } from '../../src/gpu/launch.ts';
import { print } from '../../src/tensor/print.ts';
import { sliceBatch } from '../../src/tensor/slice.ts';
import { Tensor } from '../../src/tensor/tensor.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ checked: true });
});
afterAll(() => device.close());

const addOne: Kernel = {
  name: 'add_one',
  access: 'w',
  constants: {},
  code: `struct P { by: f32 } var<immediate> p: P; @group(0) @binding(0) var<storage, read_write> x: array<f32>;
    @compute @workgroup_size(1) fn main(@builtin(global_invocation_id) id: vec3u) { x[id.x] += p.by; }`,
};

function launchAddOne(x: Tensor): void {
  const record = {
    kernel: addOne,
    bindings: [x.slice],
    immediates: immediates(f32(1)),
    label: 'addOne',
    flops: 1,
    bytes: 8,
  };
  x.device.launch({ ...record, workgroups: [x.size, 1, 1] });
}

test('launches run in order, across submits, and host writes keep their place', async () => {
  const x = Tensor.from(device, [0], [1]);
  for (let i = 0; i < 200; i++) launchAddOne(x);
  const first = x.data();
  x.upload([1000]);
  launchAddOne(x);
  expect([...(await first)]).toEqual([200]);
  expect(await x.item()).toBe(1001);
});

test('pipelines and bind groups are made once', () => {
  const x = Tensor.from(device, [0], [1]);
  launchAddOne(x);
  const { pipelines, bindGroups } = device.pipelines.created;
  for (let i = 0; i < 10; i++) launchAddOne(x);
  expect(device.pipelines.created).toEqual({ pipelines, bindGroups });
});

test('the pool hands a released buffer out again and counts what is live', () => {
  const { liveBuffers, created } = device.pool.use;
  const a = Tensor.empty(device, [5000]);
  expect(device.pool.use.liveBuffers).toBe(liveBuffers + 1);
  a.dispose();
  a.dispose();
  const made = device.pool.use.created;
  Tensor.empty(device, [4999]).dispose();
  expect(device.pool.use).toMatchObject({ liveBuffers, created: made });
  expect(made).toBeLessThanOrEqual(created + 1);
});

test('what goes wrong on the device is thrown at the next read, once', async () => {
  const x = Tensor.from(device, [1], [1]);
  const broken: Kernel = { ...addOne, name: 'broken', code: 'this is no WGSL' };
  device.launch({
    kernel: broken,
    bindings: [x.slice],
    immediates: immediates(),
    workgroups: [1, 1, 1],
    label: 'broken',
    flops: 0,
    bytes: 0,
  });
  await expect(device.fence()).rejects.toThrow(/The device reported \d+ errors?; the first: .*WGSL/s);
  const y = Tensor.from(device, [2], [1]);
  launchAddOne(y);
  expect(await y.item()).toBe(3);
});

test('refuses what cannot work, in plain words', async () => {
  await expect(Device.open({ device: 'no such adapter' })).rejects.toThrow(
    /No adapter matches the device 'no such adapter'.*these answered: .+/,
  );
  expect(() => Tensor.empty(device, [2 ** 31, 4])).toThrow(/MiB was asked for, but this device binds at most/);
  expect(() => Tensor.empty(device, [3, 0])).toThrow(/positive integers; got \[3, 0\]/);
  expect(() => Tensor.from(device, [1, 2, 3], [2])).toThrow(/holds 2 values; got 3/);
  const gone = Tensor.empty(device, [2]);
  gone.dispose();
  expect(() => gone.slice).toThrow(/disposed tensor \[2\]/);
});

test('the null backend compiles and launches, and refuses to be read', async () => {
  const none = await Device.open({ backend: 'null' });
  expect(none.info).toMatchObject({ name: 'null backend', executes: false });
  const x = Tensor.from(none, [1], [1]);
  launchAddOne(x);
  await none.fence();
  await expect(x.data()).rejects.toThrow(/null backend executes nothing/);
  none.close();
});

test('slices a batch, views another shape, prints', async () => {
  const x = Tensor.from(device, [...Array(12).keys()], [3, 4]);
  expect([...(await sliceBatch(x, 1, 3).data())]).toEqual([4, 5, 6, 7, 8, 9, 10, 11]);
  expect(() => sliceBatch(x, 2, 4)).toThrow('Cannot take entries 2 to 4 of a batch of 3.');
  expect(() => x.reshape([5])).toThrow(/sizes differ/);
  expect(await print(x.reshape([2, 6]), 0)).toContain('[[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]');
});

test('a closed device says so, whatever is done with it', async () => {
  const other = await Device.open({ checked: true });
  const x = Tensor.from(other, [1], [1]);
  const capture = other.capture(() => launchAddOne(x));
  const late = x.data();
  other.close();
  other.close();
  await expect(late).rejects.toThrow(/is closed/);
  const closed = /^The device .+ is closed\. Close it when all work with it is done, or open another\.$/;
  for (const use of [
    () => launchAddOne(x),
    () => x.upload([2]),
    () => Tensor.from(other, [1], [1]),
    () => capture.replay(),
  ]) {
    expect(use).toThrow(CyclopsError);
    expect(use).toThrow(closed);
  }
  for (const use of [x.data(), other.fence(), other.profile(() => {})]) await expect(use).rejects.toThrow(closed);
  for (const one of [x, capture]) one.dispose();
});

test('a lost device says so, whatever is done with it', async () => {
  const { requestDevice } = GPUAdapter.prototype;
  // A driver that gives up cannot be had here: its device says that it is lost all the same.
  const loss = { reason: 'unknown', message: 'the driver fell asleep' };
  GPUAdapter.prototype.requestDevice = async function (this: GPUAdapter, descriptor) {
    return Object.defineProperty(await requestDevice.call(this, descriptor), 'lost', { value: Promise.resolve(loss) });
  };
  const other = await Device.open({ checked: true }).finally(() => {
    GPUAdapter.prototype.requestDevice = requestDevice;
  });
  const lost = /^The device .+ was lost \(the driver fell asleep\), and with it all that it held\.$/;
  for (const use of [
    () => Tensor.from(other, [1], [1]),
    () => Tensor.empty(other, [1]),
    () => other.capture(() => {}),
  ]) {
    expect(use).toThrow(DeviceLostError);
    expect(use).toThrow(lost);
  }
  await expect(other.fence()).rejects.toThrow(lost);
  other.close();
});

test('one that does not open says so in one line, and leaves nothing open', async () => {
  const request = vi.spyOn(GPUAdapter.prototype, 'requestDevice');
  const failing = async (message: string) => {
    request.mockRejectedValueOnce(new Error(message));
    return await Device.open({ checked: true }).catch((error) => error);
  };
  // As Dawn writes it, line break included.
  const full = await failing(
    'vkCreateDevice failed with VK_ERROR_OUT_OF_DEVICE_MEMORY\\n    at CheckVkSuccessImpl (a.cpp:106)',
  );
  expect(full).toBeInstanceOf(DeviceUnavailableError);
  expect(full.message).toMatch(/^The device .+ could not be opened: it has no memory left\.$/);
  const other = await failing('vkCreateDevice failed with VK_ERROR_INITIALIZATION_FAILED\n    at CheckVkSuccessImpl');
  expect(other.message).toMatch(/could not be opened: vkCreateDevice failed with VK_ERROR_INITIALIZATION_FAILED\.$/);
  request.mockRestore();

  // What is opened takes a little memory at once.
  const create = vi.spyOn(Allocator.prototype, 'create').mockImplementation(() => {
    throw new OutOfMemoryError('none');
  });
  const destroy = vi.spyOn(GPUDevice.prototype, 'destroy');
  await expect(Device.open({ checked: true })).rejects.toThrow(/could not be opened: it has no memory left\.$/);
  expect(destroy).toHaveBeenCalledOnce();
  for (const spy of [create, destroy]) spy.mockRestore();
});

test('one that another adapter answers for is not opened anew', async () => {
  const opened = await Device.open({ backend: 'null' });
  const gone = Object.assign(opened, { info: { ...opened.info, name: 'a card that fell off the bus' } });
  const close = vi.spyOn(Device.prototype, 'close');
  await expect(gone.reopen()).rejects.toThrow(
    new DeviceUnavailableError('The device a card that fell off the bus does not answer; null backend does.'),
  );
  expect(close).toHaveBeenCalledTimes(1);
  close.mockRestore();
  gone.close();
});

test('a launch that cannot be is refused, and so is a backend that Dawn does not know', async () => {
  const most = device.limits.maxComputeWorkgroupsPerDimension;
  const wide: Tensor = Tensor.empty(device, [most + 1]);
  expect(() => launchAddOne(wide)).toThrow(CyclopsError);
  expect(() => launchAddOne(wide)).toThrow(`addOne needs ${most + 1} × 1 × 1 workgroups`);
  const none = { kernel: addOne, bindings: [], immediates: immediates(f32(1)), label: 'addOne', flops: 1, bytes: 8 };
  expect(() => device.launch({ ...none, workgroups: [1, 1, 1] })).toThrow(
    'addOne binds 0 slices, but the kernel add_one has 1 bindings.',
  );
  await device.fence();
  wide.dispose();
  await expect(Device.open({ backend: 'no-such' })).rejects.toThrow(NoAdapterError);
});
