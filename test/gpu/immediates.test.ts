import { afterAll, beforeAll, expect, test } from 'vitest';
import { Device } from '../../src/gpu/device.ts';
import { immediatesAsUniform } from '../../src/gpu/immediates.ts';
import { LAUNCHES_PER_SUBMIT } from '../../src/gpu/launch.ts';
import { copy, scale } from '../../src/kernels/elementwise.ts';
import { randomUniform } from '../../src/tensor/random.ts';
import { Tensor } from '../../src/tensor/tensor.ts';

let usual: Device;
let portable: Device;
beforeAll(async () => {
  usual = await Device.open({ checked: true });
  portable = await Device.open({ checked: true, portable: true });
});
afterAll(() => {
  usual.close();
  portable.close();
});

/** Every launch has other numbers, and there are more of them than one submit or one buffer of them takes. */
const FACTORS = Array.from({ length: 3 * LAUNCHES_PER_SUBMIT + 5 }, (_, i) => 1 + ((7 * i) % 11) / 64);

async function scaledBy(device: Device, factors: readonly number[], inSteps: boolean): Promise<Float32Array> {
  const x = randomUniform(device, [131], { seed: 5, stream: 1, low: -1, high: 1 });
  const y = Tensor.empty(device, [131]);
  const step = () => {
    for (const factor of factors) {
      scale(device, { x: x.slice, out: y.slice, factor, count: x.size });
      copy(device, { x: y.slice, out: x.slice, count: x.size });
    }
  };
  if (inSteps) {
    const capture = device.capture(step);
    capture.replay();
    capture.replay();
    capture.dispose();
  } else {
    step();
    // What is read in between submits what was recorded until then.
    await x.data();
    step();
  }
  const values = await x.data();
  x.dispose();
  y.dispose();
  return values;
}

test.each([false, true])('as uniforms they give the same bits, eagerly and replayed (%s)', async (inSteps) => {
  expect(await scaledBy(portable, FACTORS, inSteps)).toEqual(await scaledBy(usual, FACTORS, inSteps));
});

test('every launch sees its own numbers', async () => {
  const x = Tensor.from(portable, [1], [1]);
  const scaled = [3, 5, 7].map((factor) => {
    const out = Tensor.empty(portable, [1]);
    scale(portable, { x: x.slice, out: out.slice, factor, count: 1 });
    return out;
  });
  for (const [i, out] of scaled.entries()) expect([...(await out.data())]).toEqual([[3, 5, 7][i]]);
  for (const tensor of [x, ...scaled]) tensor.dispose();
});

test('the line that declares them is all that changes', () => {
  const code = 'struct P { a: u32 }\n\tvar < immediate > p: P;\n@compute @workgroup_size(1) fn main() {}';
  expect(immediatesAsUniform(code)).toBe(
    'struct P { a: u32 }\n\t@group(1) @binding(0) var<uniform> p: P;\n@compute @workgroup_size(1) fn main() {}',
  );
});

test('a portable device has no feature beyond those of every device, and the limits of the standard', async () => {
  expect([...portable.features].filter((feature) => feature !== 'core-features-and-limits')).toEqual([]);
  expect(portable.limits.maxStorageBufferBindingSize).toBe(128 * 2 ** 20);
  expect(portable.limits.maxStorageBuffersPerShaderStage).toBe(8);
  expect(portable.limits.maxComputeWorkgroupStorageSize).toBe(16384);
});

test('a portable device refuses f16 in a sentence', () => {
  expect(() => Tensor.from(portable, [1], [1], 'f16')).toThrow(/stored as f16, which .* lacks the feature shader-f16/);
});
