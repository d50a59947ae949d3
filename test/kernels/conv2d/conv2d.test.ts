import { afterAll, beforeAll, expect, test } from 'vitest';
import { Device } from '../../../src/gpu/device.ts';
import type { InputGradArguments } from '../../../src/kernels/conv2d/arguments.ts';
import { convForward } from '../../../src/kernels/conv2d/forward.ts';
import { canLeaveUnfolded, convInputGrad, foldsInLaunch } from '../../../src/kernels/conv2d/input-grad.ts';
import { type ConvProblem, convSizes } from '../../../src/kernels/conv2d/problem.ts';
import { reflectionPadBackward } from '../../../src/kernels/images/reflection-pad.ts';
import { convProblem } from '../../../src/kernels/tuning/odd-problems.ts';
import { supportedVariants, type Variant } from '../../../src/kernels/variant.ts';
import { scope } from '../../../src/tensor/scope.ts';
import { Tensor } from '../../../src/tensor/tensor.ts';
import { random, worst } from '../../oracles/compare.ts';

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

test.each([
  convProblem([2, 9, 8, 3], 8, [7, 1, 3], 'reflect'),
  convProblem([2, 9, 8, 8], 3, [7, 1, 3], 'reflect'),
  convProblem([1, 6, 5, 128], 128, [3, 1, 1], 'reflect'),
])('input gradients that fold in a launch of their own add something there, or leave it to others: %o', async (k) => {
  const { x, weight, y } = convSizes(k);
  const data = { dy: random(y), weight: random(weight), addend: random(x) };
  const pad = [k.padding, k.padding, k.padding, k.padding] as const;
  const whole = k.n * (k.h + 2 * k.padding) * (k.w + 2 * k.padding) * k.c;
  const folding = supportedVariants(device, convInputGrad, k).filter((variant) => foldsInLaunch(variant, k));
  expect(folding).not.toEqual([]);
  for (const variant of folding) {
    const [plain, added, left] = scope(() => {
      const upload = (values: Float32Array) => Tensor.from(device, values, [values.length]).slice;
      const poisoned = (count: number) => Tensor.from(device, new Float32Array(count).fill(Number.NaN), [count]);
      const outputs = [poisoned(x), poisoned(x), poisoned(x)] as const;
      const args = { dy: upload(data.dy), weight: upload(data.weight), bias: null };
      variant.launch(device, k, { ...args, dx: outputs[0].slice });
      variant.launch(device, k, { ...args, addend: upload(data.addend), dx: outputs[1].slice });
      if (!canLeaveUnfolded(variant, k)) return outputs;
      const unfolded = poisoned(whole).slice;
      variant.launch(device, k, { ...args, unfolded, dx: outputs[2].slice });
      const problem = { n: k.n, h: k.h, w: k.w, c: k.c, pad, dtype: k.dtype };
      const gradient = { gradOutput: unfolded, gradX: outputs[2].slice, bias: null, addend: null };
      reflectionPadBackward(device, problem, gradient);
      return outputs;
    });
    const [dx, sum, folded] = [await plain.data(), await added.data(), await left.data()];
    const expected = dx.map((value, i) => value + (data.addend[i] ?? Number.NaN));
    expect(worst(sum, expected), `${variant.name} with an addend`).toBeLessThan(1e-5);
    if (canLeaveUnfolded(variant, k)) expect(worst(folded, dx), `${variant.name} unfolded`).toBeLessThan(1e-5);
  }
});
