import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pointwise } from '../../../examples/pointwise.ts';
import { conv2d } from '../../../src/autograd/conv2d.ts';
import { Device } from '../../../src/gpu/device.ts';
import { convForward } from '../../../src/kernels/conv2d/forward.ts';
import { forceVariants } from '../../../src/kernels/tuning/choices.ts';
import { tune } from '../../../src/kernels/tuning/tune.ts';
import { register } from '../../../src/kernels/variant.ts';
import { scope } from '../../../src/tensor/scope.ts';
import { Tensor } from '../../../src/tensor/tensor.ts';
import { forward } from './suites/conv2d.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ checked: true });
});
afterAll(() => device.close());

const layer = () =>
  scope(() => {
    conv2d(Tensor.empty(device, [2, 9, 7, 6]), Tensor.empty(device, [1, 1, 6, 10]), null);
  });
const launched = () => device.trace(layer).launches.map(({ kernel }) => kernel.name);

test('docs/kernels.md shows the variant and its kernel as they are', () => {
  const shown = readFileSync('docs/kernels.md', 'utf8');
  const code = readFileSync('examples/pointwise.ts', 'utf8');
  expect(shown).toContain(code.slice(code.indexOf('const source')).trim());
  expect(shown).toContain(readFileSync('examples/forward-pointwise.wgsl', 'utf8').trim());
});

test('a registered variant is checked against the oracle, measured, and launched when it is forced', async () => {
  expect(launched()).not.toContain('forward-pointwise.wgsl');
  register(convForward, pointwise);

  const checks = forward.checks().filter(({ name, supported }) => name.includes('pointwise') && supported(device));
  expect(checks.length).toBeGreaterThan(0);
  for (const check of checks) await check.run(device);

  const [tuned] = (await tune(device, layer)).values();
  expect(tuned?.milliseconds.pointwise).toBeGreaterThan(0);
  expect(tuned?.faults).toEqual({});

  forceVariants(device, ['conv2d.forward=pointwise']);
  expect(launched()).toEqual(['forward-pointwise.wgsl']);
});
