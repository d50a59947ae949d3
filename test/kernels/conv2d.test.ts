import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Device } from '../../src/gpu/device.ts';
import { forwardVariants } from '../../src/kernels/conv2d/forward.ts';
import { inputGradVariants } from '../../src/kernels/conv2d/inputGrad.ts';
import { type ConvProblem, checkProblem, describe as name } from '../../src/kernels/conv2d/problem.ts';
import { weightGradVariants } from '../../src/kernels/conv2d/weightGrad.ts';
import { scope } from '../../src/tensor/scope.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { poison, random, worst } from '../oracles/compare.ts';
import * as oracle from '../oracles/conv2d.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ checked: true });
});
afterAll(() => device.close());

function problem(
  n: number,
  h: number,
  w: number,
  c: number,
  o: number,
  k: number,
  stride: number,
  padding: number,
  reflect = false,
): ConvProblem {
  const out = (extent: number) => Math.floor((extent + 2 * padding - k) / stride) + 1;
  const paddingMode = reflect ? 'reflect' : 'zeros';
  return checkProblem({ n, h, w, c, p: out(h), q: out(w), o, kh: k, kw: k, stride, padding, paddingMode });
}

const problems = [
  problem(1, 9, 7, 8, 12, 3, 1, 1),
  problem(2, 5, 11, 36, 40, 3, 1, 1, true),
  problem(2, 4, 4, 4, 8, 3, 1, 3, true),
  problem(1, 3, 5, 8, 8, 5, 1, 2, true),
  problem(1, 13, 10, 3, 20, 7, 1, 3, true),
  problem(1, 12, 9, 20, 3, 7, 1, 3, true),
  problem(2, 11, 8, 8, 3, 7, 1, 3),
  problem(1, 11, 13, 12, 36, 3, 2, 1),
  problem(2, 10, 7, 4, 16, 4, 2, 1),
  problem(1, 14, 9, 3, 32, 4, 2, 1),
  problem(1, 6, 7, 44, 1, 4, 1, 1),
  problem(3, 7, 6, 1, 4, 4, 2, 1),
  problem(1, 8, 8, 5, 7, 3, 1, 1),
  problem(1, 9, 11, 6, 5, 3, 3, 2, true),
  problem(2, 6, 5, 8, 16, 1, 1, 0),
  problem(1, 2, 3, 68, 4, 4, 2, 1),
];

describe.each(problems.map((k) => [`${name(k)} ${k.paddingMode}`, k] as const))('%s', (_, k) => {
  const x = random(k.n * k.h * k.w * k.c);
  const w = random(k.kh * k.kw * k.c * k.o);
  const dy = random(k.n * k.p * k.q * k.o);
  const upload = (values: Float32Array) => Tensor.from(device, values, [values.length]);

  test.each(forwardVariants.map((v) => [v.name, v] as const))('forward %s', async (_, variant) => {
    if (!variant.supports(device, k)) return;
    const bias = random(k.o);
    for (const withBias of [false, true]) {
      const y = scope(() => {
        const out = upload(poison(dy.length));
        const args = {
          x: upload(x).slice,
          weight: upload(w).slice,
          bias: withBias ? upload(bias).slice : null,
          y: out.slice,
        };
        variant.launch(device, k, { ...args, activation: withBias ? 'leaky_relu' : 'none' });
        return out;
      });
      const expected = oracle.forward(k, x, w).map((v, i) => {
        if (!withBias) return v;
        const sum = v + bias[i % k.o]!;
        return sum > 0 ? sum : 0.2 * sum;
      });
      expect(worst(await y.data(), expected)).toBeLessThan(2e-6);
      y.dispose();
    }
  });

  test.each(inputGradVariants.map((v) => [v.name, v] as const))('input gradient %s', async (_, variant) => {
    if (!variant.supports(device, k)) return;
    const bias = random(k.c);
    for (const withBias of [false, true]) {
      const dx = scope(() => {
        const out = upload(poison(x.length));
        variant.launch(device, k, {
          dy: upload(dy).slice,
          weight: upload(w).slice,
          bias: withBias ? upload(bias).slice : null,
          dx: out.slice,
        });
        return out;
      });
      const expected = oracle.inputGrad(k, dy, w).map((v, i) => v + (withBias ? bias[i % k.c]! : 0));
      expect(worst(await dx.data(), expected)).toBeLessThan(2e-6);
      dx.dispose();
    }
  });

  test.each(weightGradVariants.map((v) => [v.name, v] as const))('weight gradient %s', async (_, variant) => {
    if (!variant.supports(device, k)) return;
    const before = random(w.length);
    for (const accumulate of [false, true]) {
      const dw = scope(() => {
        const out = upload(accumulate ? before : poison(w.length));
        variant.launch(device, k, { x: upload(x).slice, dy: upload(dy).slice, dw: out.slice, accumulate });
        return out;
      });
      const expected = oracle.weightGrad(k, x, dy).map((v, i) => v + (accumulate ? before[i]! : 0));
      expect(worst(await dw.data(), expected)).toBeLessThan(5e-6);
      dw.dispose();
    }
  });
});

test.each(['relu', 'leaky_relu', 'tanh'] as const)('NaN stays visible through a fused %s', async (activation) => {
  const k = problem(1, 4, 4, 4, 4, 3, 1, 1);
  const x = random(64);
  x[0] = Number.NaN;
  for (const variant of forwardVariants.filter((v) => v.supports(device, k))) {
    const y = scope(() => {
      const out = Tensor.from(device, new Float32Array(64), [64]);
      const upload = (values: Float32Array) => Tensor.from(device, values, [values.length]).slice;
      variant.launch(device, k, { x: upload(x), weight: upload(random(144)), bias: null, y: out.slice, activation });
      return out;
    });
    expect((await y.data())[0]).toBeNaN();
  }
});
