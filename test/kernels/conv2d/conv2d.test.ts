import { afterAll, beforeAll, expect, test } from 'vitest';
import { Device } from '../../../src/gpu/device.ts';
import type { InputGradArguments } from '../../../src/kernels/conv2d/arguments.ts';
import { convForward } from '../../../src/kernels/conv2d/forward.ts';
import { convInputGrad } from '../../../src/kernels/conv2d/input-grad.ts';
import { type ConvProblem, convSizes } from '../../../src/kernels/conv2d/problem.ts';
import { convProblem } from '../../../src/kernels/tuning/odd-problems.ts';
import { supportedVariants, type Variant } from '../../../src/kernels/variant.ts';
import { scope } from '../../../src/tensor/scope.ts';
import { Tensor } from '../../../src/tensor/tensor.ts';
import { random } from '../../oracles/compare.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ checked: true });
});
afterAll(() => device.close());

test.each(['relu', 'leaky_relu', 'tanh'] as const)('NaN stays visible through a fused %s', async (activation) => {
  const k = convProblem([1, 4, 4, 4], 4, [3, 1, 1]);
  const x = random(64);
  x[0] = Number.NaN;
  for (const variant of supportedVariants(device, convForward, k)) {
    const y = scope(() => {
      const out = Tensor.from(device, new Float32Array(64), [64]);
      const upload = (values: Float32Array) => Tensor.from(device, values, [values.length]).slice;
      variant.launch(device, k, { x: upload(x), weight: upload(random(144)), bias: null, y: out.slice, activation });
      return out;
    });
    expect((await y.data())[0]).toBeNaN();
  }
});

/** The launches of an input gradient. */
function inputGradLaunches(k: ConvProblem, variant: Variant<ConvProblem, InputGradArguments>) {
  const { x, weight, y } = convSizes(k);
  const empty = (count: number) => Tensor.empty(device, [count], k.dtype).slice;
  const { launches } = device.trace(() =>
    scope(() => variant.launch(device, k, { dy: empty(y), weight: empty(weight), bias: null, dx: empty(x) })),
  );
  return launches;
}

test.each([
  ['more workgroups than a launch may have', convProblem([1, 2044, 2044, 1], 1, [7, 1, 3], 'reflect')],
  ['more memory than a buffer may have', convProblem([1, 512, 512, 128], 1, [3, 1, 1], 'reflect')],
])('no variant supports an input gradient whose padded image needs %s', (_, k) => {
  for (const variant of supportedVariants(device, convInputGrad, k)) {
    const workgroups = Math.max(...inputGradLaunches(k, variant).flatMap((launch) => launch.workgroups));
    expect(workgroups, variant.name).toBeLessThanOrEqual(device.limits.maxComputeWorkgroupsPerDimension);
  }
});

test.each(['f32', 'f16'] as const)('variants of an input gradient in %s name all kernels that they launch', (dtype) => {
  const k = { ...convProblem([1, 12, 12, 64], 64, [3, 1, 1], 'reflect'), dtype };
  for (const variant of supportedVariants(device, convInputGrad, k)) {
    const launched = inputGradLaunches(k, variant).map(({ kernel }) => kernel.name);
    expect(variant.sources, variant.name).toEqual(expect.arrayContaining(launched));
  }
});
