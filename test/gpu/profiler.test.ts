import { afterAll, beforeAll, expect, test } from 'vitest';
import { conv2d } from '../../src/autograd/conv2d.ts';
import { noGrad } from '../../src/autograd/tape.ts';
import { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import type { Launch } from '../../src/gpu/launch.ts';
import type { TimedLaunch } from '../../src/gpu/profiler.ts';
import { scale } from '../../src/kernels/elementwise.ts';
import { randomUniform } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import { Tensor } from '../../src/tensor/tensor.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ checked: true });
});
afterAll(() => device.close());

/** Times that a clock of nanoseconds can have shown within the time that the host waited. */
function expectPlausible(profile: readonly TimedLaunch[], milliseconds: number): void {
  expect(profile[0]?.begin).toBe(0);
  let before = 0;
  for (const { begin, end } of profile) {
    expect(begin).toBeGreaterThanOrEqual(before);
    expect(end).toBeGreaterThan(begin);
    before = end;
  }
  expect(before).toBeLessThan(1e6 * milliseconds);
}

test('one record a launch, in order, over several submits and with host writes in between', async () => {
  const x = Tensor.from(device, [1, 2, 3, 4], [4]);
  const y = Tensor.empty(device, [4]);
  const launched = device.recorder.launches;
  const start = performance.now();
  const profile = await device.profile(() => {
    for (let i = 0; i < 150; i++) {
      if (i === 10) x.upload([5, 6, 7, 8]);
      scale(device, { x: x.slice, factor: i, out: y.slice, count: 4 });
    }
  });
  expectPlausible(profile, performance.now() - start);
  expect(profile).toHaveLength(150);
  expect(device.recorder.launches).toBe(launched + 150);
  for (const { launch } of profile) {
    expect(launch).toMatchObject({ label: 'scale', workgroups: [1, 1, 1], flops: 4, bytes: 32 });
    expect(launch.kernel.name).toBe('elementwise/scale');
  }
  expect([...(await y.data())]).toEqual([5 * 149, 6 * 149, 7 * 149, 8 * 149]);
  expect(await device.profile(() => {})).toEqual([]);
  for (const tensor of [x, y]) tensor.dispose();
});

test('a replay is profiled with the same launches, and computes the same', async () => {
  const x = randomUniform(device, [1, 9, 9, 4], { seed: 1, stream: 0, low: -1, high: 1 });
  const weight = randomUniform(device, [3, 3, 4, 4], { seed: 1, stream: 1, low: -1, high: 1 });
  let y: Tensor | undefined;
  const capture = device.capture(() => {
    y = scope(() =>
      noGrad(() =>
        device.within('outer', () =>
          conv2d(
            device.within('inner', () => conv2d(x, weight, null)),
            weight,
            null,
          ),
        ),
      ),
    );
  });
  capture.replay();
  const expected = await y?.data();
  const profile = await device.profile(() => capture.replay());
  expect(profile.map(({ launch }): Launch => launch)).toEqual(capture.launches);
  expect(profile.map(({ launch: { layer } }) => layer)).toEqual([
    { path: 'outer.inner', pass: 'forward' },
    { path: 'outer', pass: 'forward' },
  ]);
  expect(await y?.data()).toEqual(expected);
  capture.dispose();
  for (const tensor of [x, weight, y]) tensor?.dispose();
});

test('outside a profile launches share a pass, and what is thrown inside one ends it', async () => {
  const passes: string[] = [];
  const begin = GPUCommandEncoder.prototype.beginComputePass;
  GPUCommandEncoder.prototype.beginComputePass = function (this: GPUCommandEncoder, descriptor) {
    passes.push(descriptor?.timestampWrites ? 'timed' : 'plain');
    return begin.call(this, descriptor);
  };
  try {
    const x = Tensor.from(device, [1], [1]);
    const y = Tensor.empty(device, [1]);
    const twice = () => {
      for (let i = 0; i < 2; i++) scale(device, { x: x.slice, factor: 2, out: y.slice, count: 1 });
    };
    await device.profile(twice);
    const failing = device.profile(() => {
      throw new Error('in the body');
    });
    await expect(failing).rejects.toThrow('in the body');
    twice();
    await device.fence();
    expect(passes).toEqual(['timed', 'timed', 'plain']);
    for (const tensor of [x, y]) tensor.dispose();
  } finally {
    GPUCommandEncoder.prototype.beginComputePass = begin;
  }
});

test('a device that cannot time launches says so', async () => {
  const none = await Device.open({ backend: 'null' });
  await expect(none.profile(() => {})).rejects.toThrow(CyclopsError);
  await expect(none.profile(() => {})).rejects.toThrow(/null backend: it executes nothing/);
  none.close();
  const features = new Set([...device.features].filter((feature) => feature !== 'timestamp-query'));
  const blind: Device = Object.create(device, { features: { value: features } });
  await expect(blind.profile(() => {})).rejects.toThrow(/lacks the feature timestamp-query\. Time the whole instead/);
});

test('a body that throws leaves nothing behind: no query set, no buffer, no pass that cannot be submitted', async () => {
  const made = { sets: 0, buffers: 0 };
  const { createQuerySet, createBuffer } = GPUDevice.prototype;
  const destroySet = GPUQuerySet.prototype.destroy;
  const destroyBuffer = GPUBuffer.prototype.destroy;
  const [x, y] = [Tensor.from(device, [3], [1]), Tensor.empty(device, [1])];
  GPUDevice.prototype.createQuerySet = function (this: GPUDevice, descriptor) {
    made.sets += 1;
    return createQuerySet.call(this, descriptor);
  };
  GPUDevice.prototype.createBuffer = function (this: GPUDevice, descriptor) {
    made.buffers += 1;
    return createBuffer.call(this, descriptor);
  };
  GPUQuerySet.prototype.destroy = function (this: GPUQuerySet) {
    made.sets -= 1;
    return destroySet.call(this);
  };
  GPUBuffer.prototype.destroy = function (this: GPUBuffer) {
    made.buffers -= 1;
    return destroyBuffer.call(this);
  };
  try {
    const failing = device.profile(() => {
      for (let i = 0; i < 70; i++) scale(device, { x: x.slice, factor: 2, out: y.slice, count: 1 });
      throw new Error('in the body');
    });
    await expect(failing).rejects.toThrow('in the body');
    expect(made).toEqual({ sets: 0, buffers: 0 });
  } finally {
    Object.assign(GPUDevice.prototype, { createQuerySet, createBuffer });
    GPUQuerySet.prototype.destroy = destroySet;
    GPUBuffer.prototype.destroy = destroyBuffer;
  }
  // What was recorded before the error ran.
  expect(await y.item()).toBe(6);
  for (const tensor of [x, y]) tensor.dispose();
});

test('a profile inside a profile or a capture is refused, and the outer one has every launch', async () => {
  const x = Tensor.from(device, [1, 2, 3, 4], [4]);
  const y = Tensor.empty(device, [4]);
  const launch = () => scale(device, { x: x.slice, factor: 2, out: y.slice, count: 4 });
  const inner: Promise<unknown>[] = [];
  const profile = await device.profile(() => {
    launch();
    inner.push(device.profile(launch).catch((error: unknown) => error));
    launch();
  });
  expect(profile).toHaveLength(2);
  const capture = device.capture(() => {
    inner.push(device.profile(launch).catch((error: unknown) => error));
  });
  for (const error of await Promise.all(inner)) expect(error).toBeInstanceOf(CyclopsError);
  for (const one of [x, y, capture]) one.dispose();
});
