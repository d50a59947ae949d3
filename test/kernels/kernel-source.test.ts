import { afterAll, beforeAll, expect, test } from 'vitest';
import { Device } from '../../src/gpu/device.ts';
import { convForward } from '../../src/kernels/conv2d/forward.ts';
import { convInputGrad } from '../../src/kernels/conv2d/input-grad.ts';
import { kernelSource } from '../../src/kernels/kernel-source.ts';
import { MeasurementBuffers } from '../../src/kernels/tuning/measure.ts';
import { convProblem } from '../../src/kernels/tuning/odd-problems.ts';
import { operations } from '../../src/kernels/tuning/operations.ts';
import { supportedVariants } from '../../src/kernels/variant.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ checked: true });
});
afterAll(() => device.close());

test.each(['f32', 'f16'] as const)('in %s it is the text that a launch hands to the device', (dtype) => {
  const k = { ...convProblem([1, 12, 12, 64], 64, [3, 1, 1]), dtype };
  const variants = supportedVariants(device, convForward, k);
  expect(variants.length).toBeGreaterThan(3);
  for (const variant of variants) {
    const { launches } = device.trace(() =>
      variant.launch(device, k, convForward.exampleArguments(k, new MeasurementBuffers(device))),
    );
    // What makes the example's numbers is launched too.
    const own = launches.filter(({ label }) => label === 'conv2d.forward');
    const texts = new Set(kernelSource(convForward, variant.name, dtype).map(({ code }) => code));
    expect(own.length).toBeGreaterThan(0);
    for (const { kernel } of own) expect(texts, `${variant.name}: ${kernel.name}`).toContain(kernel.code);
  }
});

test('every variant has a text, with no include left and no device asked', () => {
  for (const operation of operations) {
    for (const { name, sources } of operation.variants) {
      const texts = kernelSource(operation, name);
      expect(texts.map((text) => text.name)).toEqual(sources);
      for (const { code } of texts) expect(code).toMatch(/^fn main\(/m);
    }
  }
});

test('an unknown variant is refused, and those that exist are named', () => {
  expect(() => kernelSource(convInputGrad, 'huge')).toThrow(
    /conv2d\.inputGrad has no variant 'huge'; expected one of matrix64x128_split, .*thin_input_16, thin_input, .*naive\./,
  );
});
