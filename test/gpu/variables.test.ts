import { afterAll, beforeAll, expect, test } from 'vitest';
import { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import { f32, immediates, type Kernel } from '../../src/gpu/launch.ts';
import type { Variable } from '../../src/gpu/variables.ts';
import { Adam } from '../../src/optim/adam.ts';
import { Tensor } from '../../src/tensor/tensor.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ checked: true });
});
afterAll(() => device.close());

const readVariable: Kernel = {
  name: 'read_variable',
  access: 'rw',
  constants: {},
  code: `struct P { at: u32, out: u32 } var<immediate> p: P;
    @group(0) @binding(0) var<storage, read> variables: array<u32>;
    @group(0) @binding(1) var<storage, read_write> out: array<f32>;
    @compute @workgroup_size(1) fn main() { out[p.out] = bitcast<f32>(variables[p.at]); }`,
};

/** Launches a kernel that writes a variable's first word, a float, to out[at]. */
function note(variable: Variable, out: Tensor, at: number): void {
  device.launch({
    kernel: readVariable,
    bindings: [device.variables.slice, out.slice],
    immediates: immediates(variable.start, at),
    workgroups: [1, 1, 1],
    label: 'readVariable',
    flops: 0,
    bytes: 8,
  });
}

test('a launch sees the value that was set last before it was recorded', async () => {
  const [a, b] = [device.variables.reserve(1), device.variables.reserve(3)];
  const out = Tensor.from(device, [0, 0, 0, 0], [4]);
  a.set([f32(1)]);
  b.set([f32(-1)]);
  note(a, out, 0);
  a.set([f32(2)]);
  note(a, out, 1);
  note(b, out, 2);
  a.set([f32(3)]);
  a.set([f32(4)]);
  note(a, out, 3);
  a.set([f32(5)]);
  expect([...(await out.data())]).toEqual([1, 2, -1, 4]);
  for (const variable of [a, b]) variable.release();
  out.dispose();
});

test('words given back are handed out again, and no two users share one', () => {
  const all = [5, 1, 7].map((count) => device.variables.reserve(count));
  const [first, second, third] = all;
  if (!first || !second || !third) throw new Error('unreachable');
  const ranges = all.map(({ start, count }) => [start, start + count]).sort((x, y) => (x[0] ?? 0) - (y[0] ?? 0));
  ranges.forEach(([start = 0], i) => {
    expect(start).toBeGreaterThanOrEqual(ranges[i - 1]?.[1] ?? 0);
  });
  second.release();
  const wide = device.variables.reserve(2);
  expect(wide.start).toBeGreaterThanOrEqual(third.start + third.count);
  const again = device.variables.reserve(1);
  expect(again.start).toBe(second.start);
  for (const variable of [first, third, wide, again]) variable.release();
});

test('words that are given back twice stay with whoever has them by then', () => {
  const [first, second] = [device.variables.reserve(2), device.variables.reserve(2)];
  first.release();
  first.release();
  const [third, fourth] = [device.variables.reserve(2), device.variables.reserve(2)];
  expect(new Set([second.start, third.start, fourth.start]).size).toBe(3);
  for (const variable of [second, third, fourth]) variable.release();
});

test('more words than there are, or than were reserved, are refused', () => {
  expect(() => device.variables.reserve(2 ** 20)).toThrow(CyclopsError);
  expect(() => device.variables.reserve(2 ** 20)).toThrow(/room for 32768 numbers.*1048576 more do not fit/);
  const one = device.variables.reserve(1);
  expect(() => one.set([1, 2])).toThrow(/do not fit/);
  one.release();
});

test('a captured step that sets a variable to two values is refused, since its launches would all see the last', () => {
  const variable = device.variables.reserve(1);
  const out = Tensor.from(device, [0, 0], [2]);
  const step = (values: readonly number[]) => () => {
    for (const [at, value] of values.entries()) {
      device.eachStep(() => variable.set([f32(value)]));
      note(variable, out, at);
    }
  };
  const [same, two] = [device.capture(step([3, 3])), device.capture(step([3, 4]))];
  same.replay();
  expect(() => two.replay()).toThrow(CyclopsError);
  expect(() => two.replay()).toThrow(/optimiser steps twice/);
  same.replay();
  for (const capture of [same, two]) capture.dispose();
  variable.release();
  out.dispose();
});

test('an optimiser may step twice eagerly, and not in one captured step', () => {
  const weight = Tensor.from(device, [1, 2], [2]);
  weight.requiresGrad = true;
  const adam = new Adam([weight], { lr: 0.1, betas: [0.5, 0.9], eps: 1e-8 });
  const twice = () => {
    adam.step();
    adam.step();
  };
  twice();
  const capture = device.capture(twice);
  expect(() => capture.replay()).toThrow(/optimiser steps twice/);
  capture.dispose();
  adam.dispose();
});
