import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { add } from '../../src/autograd/add.ts';
import { scale } from '../../src/autograd/scale.ts';
import { backward } from '../../src/autograd/tape.ts';
import { decodeSafetensors } from '../../src/data/files/safetensors.ts';
import { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import { Adam, type AdamOptions } from '../../src/optim/adam.ts';
import { LossScaler } from '../../src/optim/loss-scaler.ts';
import { RandomStream } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import { Tensor } from '../../src/tensor/tensor.ts';

const seed = Math.floor(Math.random() * 2 ** 32);
const random = new RandomStream(seed, 0);
let device: Device;

beforeAll(async () => {
  device = await Device.open({ checked: true });
});
afterAll(() => device.close());

const SHAPES = [[5], [3, 7], [1], [2, 3, 5, 3], [130], [64]];
const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
const values = (count: number, spread: number) =>
  Float32Array.from({ length: count }, () => (2 * random.uniform() - 1) * spread);

/** Leaves NaN in the pool, so that an optimiser that trusts fresh memory shows. */
function poison(): void {
  const tensors = [16, 576].flatMap((size) =>
    Array.from({ length: 6 }, () => Tensor.from(device, new Float32Array(size).fill(Number.NaN), [size])),
  );
  for (const tensor of tensors) tensor.dispose();
}

function parameter(data: Float32Array, shape: readonly number[]): Tensor {
  const tensor = Tensor.from(device, data, shape);
  tensor.requiresGrad = true;
  return tensor;
}

/** Adam as in Kingma and Ba's Algorithm 1, with eps beside the root of the corrected moment. */
class Oracle {
  private t = 0;
  readonly m: Float64Array;
  readonly v: Float64Array;

  constructor(readonly w: Float64Array) {
    this.m = new Float64Array(w.length);
    this.v = new Float64Array(w.length);
  }

  step(g: ArrayLike<number>, lr: number, [beta1, beta2]: readonly [number, number], eps: number): void {
    this.t += 1;
    for (let i = 0; i < this.w.length; i++) {
      this.m[i] = beta1 * this.m[i]! + (1 - beta1) * g[i]!;
      this.v[i] = beta2 * this.v[i]! + (1 - beta2) * g[i]! ** 2;
      const corrected = this.m[i]! / (1 - beta1 ** this.t);
      this.w[i] = this.w[i]! - (lr * corrected) / (Math.sqrt(this.v[i]! / (1 - beta2 ** this.t)) + eps);
    }
  }
}

/** Largest difference over the largest expected magnitude, or over `least` if that is larger. */
function error(actual: ArrayLike<number>, expected: ArrayLike<number>, least = 0): number {
  const scale = Math.max(least, ...Array.from(expected, Math.abs));
  return Math.max(...Array.from(actual, (value, i) => Math.abs(value - expected[i]!))) / scale;
}

describe(`Adam, inputs of seed ${seed}`, () => {
  it('follows the formula over parameters of odd sizes', async () => {
    poison();
    const betas = [0.5, 0.999] as const;
    const before = SHAPES.map((shape) => values(sizeOf(shape), 1e-3));
    const oracles = before.map((data) => new Oracle(Float64Array.from(data)));
    const parameters = SHAPES.map((shape, i) => parameter(before[i]!, shape));
    const adam = new Adam(parameters, { lr: 2e-4, betas, eps: 1e-8 });
    for (const [i, tensor] of parameters.entries()) expect(await tensor.data()).toEqual(before[i]);

    for (const lr of [2e-4, 2e-4, 1e-3, 5e-5]) {
      adam.lr = lr;
      adam.zeroGrad();
      for (const [i, tensor] of parameters.entries()) {
        const g = values(tensor.size, 10 ** -i);
        oracles[i]!.step(g, lr, betas, 1e-8);
        scope(() => backward(scale(tensor, 1), Tensor.from(device, g, tensor.shape)));
      }
      adam.step();
    }
    const state = await adam.state();
    expect(state.step).toBe(4);
    for (const [i, oracle] of oracles.entries()) {
      // Relative to the sizes that meet: a weight and its updates, of 1e-3 both, may cancel.
      expect(error(await parameters[i]!.data(), oracle.w, 1e-3)).toBeLessThan(2e-6);
      // Likewise the gradients in a mean, of 10⁻ⁱ; those of a mean of squares cannot.
      expect(error(state.moments[i]!.expAvg, oracle.m, 0.3 * 10 ** -i)).toBeLessThan(1e-6);
      expect(error(state.moments[i]!.expAvgSq, oracle.v)).toBeLessThan(1e-6);
    }
    adam.dispose();
    for (const tensor of parameters) tensor.dispose();
  });

  it('agrees with torch.optim.Adam, gradients of 1e-9 and 0 included', async () => {
    const golden = new URL('../golden/ops/', import.meta.url);
    const { attrs } = JSON.parse(readFileSync(new URL('adam.json', golden), 'utf8'));
    const { tensors } = decodeSafetensors(readFileSync(new URL('adam.safetensors', golden)), 'adam.safetensors');
    const read = (name: string) => tensors.get(name)!.data;
    const w = parameter(Float32Array.from(read('param_0')), [37]);
    const adam = new Adam([w], { lr: attrs.lr, betas: [attrs.beta1, attrs.beta2], eps: attrs.eps });
    for (let step = 1; step <= attrs.steps; step++) {
      adam.zeroGrad();
      w.grad!.upload(read(`grad_${step}`));
      adam.step();
      expect(error(await w.data(), read(`param_${step}`)), `step ${step}`).toBeLessThan(1e-6);
    }
    const { moments } = await adam.state();
    expect(error(moments[0]!.expAvg, read('exp_avg'))).toBeLessThan(1e-6);
    expect(error(moments[0]!.expAvgSq, read('exp_avg_sq'))).toBeLessThan(1e-6);
    adam.dispose();
    w.dispose();
  });

  it('keeps the padding zero whatever the gradients leave in theirs', async () => {
    poison();
    const parameters = SHAPES.map((shape) => parameter(values(sizeOf(shape), 1), shape));
    const adam = new Adam(parameters, { lr: 0.1, betas: [0.5, 0.9] });
    for (let i = 0; i < 3; i++) {
      // Four NaN at most behind each gradient, as a kernel that works in whole vec4s may leave them.
      for (const { grad } of parameters) grad!.upload(values(grad!.size, 1));
      for (const { grad, size } of parameters) {
        const { buffer, offset } = grad!.slice;
        const padding = Math.ceil(size / 4) * 4 - size;
        device.write(
          { buffer, offset: offset + 4 * size, size: 4 * padding },
          new Float32Array(padding).fill(Number.NaN),
        );
      }
      adam.step();
    }
    const { buffer } = parameters[0]!.slice;
    const last = parameters.at(-1)!.slice;
    const packed = new Float32Array(await device.read({ buffer, offset: 0, size: last.offset + last.size }));
    const inside = new Uint8Array(packed.length);
    for (const { slice, size } of parameters) inside.fill(1, slice.offset / 4, slice.offset / 4 + size);
    expect(packed.filter((value, i) => !inside[i] && value !== 0)).toHaveLength(0);
    expect(packed.filter((value, i) => inside[i] && !Number.isFinite(value))).toHaveLength(0);
    adam.dispose();
    for (const tensor of parameters) tensor.dispose();
  });

  it('receives the gradients of the tape in its packed memory, added up until zeroGrad', async () => {
    const a = parameter(values(7, 1), [7]);
    const b = parameter(values(7, 1), [7]);
    const adam = new Adam([a, b], { lr: 1, betas: [0.5, 0.999] });
    const g = values(7, 1);
    const once = () => scope(() => backward(add(scale(a, 3), b), Tensor.from(device, g, [7])));
    once();
    once();
    expect(a.grad!.slice.buffer).toBe(b.grad!.slice.buffer);
    expect(
      error(
        await a.grad!.data(),
        g.map((value) => 6 * value),
      ),
    ).toBeLessThan(1e-6);
    expect(
      error(
        await b.grad!.data(),
        g.map((value) => 2 * value),
      ),
    ).toBeLessThan(1e-6);
    adam.zeroGrad();
    expect(await a.grad!.data()).toEqual(new Float32Array(7));
    expect(await b.grad!.data()).toEqual(new Float32Array(7));
    adam.dispose();
    expect(a.grad).toBeNull();
    for (const tensor of [a, b]) tensor.dispose();
  });

  it('takes one launch a step and one to zero the gradients', () => {
    const parameters = SHAPES.map((shape) => parameter(values(sizeOf(shape), 1), shape));
    const adam = new Adam(parameters, { lr: 1, betas: [0.5, 0.999] });
    const { launches } = device.recorder;
    adam.zeroGrad();
    expect(device.recorder.launches).toBe(launches + 1);
    adam.step();
    expect(device.recorder.launches).toBe(launches + 2);
    adam.dispose();
    for (const tensor of parameters) tensor.dispose();
  });

  it('continues from a saved state with the same bits', async () => {
    const start = SHAPES.map((shape) => values(sizeOf(shape), 1));
    const gradients = Array.from({ length: 4 }, () => SHAPES.map((shape) => values(sizeOf(shape), 1)));
    const run = (parameters: Tensor[], adam: Adam, steps: Float32Array[][]) => {
      for (const step of steps) {
        for (const [i, { grad }] of parameters.entries()) grad!.upload(step[i]!);
        adam.step();
      }
    };
    const options = { lr: 0.01, betas: [0.9, 0.99] as const };

    const straight = SHAPES.map((shape, i) => parameter(start[i]!, shape));
    const first = new Adam(straight, options);
    run(straight, first, gradients.slice(0, 2));
    const halfway = await Promise.all(straight.map((tensor) => tensor.data()));
    const state = await first.state();
    run(straight, first, gradients.slice(2));

    const resumed = SHAPES.map((shape, i) => parameter(halfway[i]!, shape));
    const second = new Adam(resumed, options);
    second.loadState(state);
    run(resumed, second, gradients.slice(2));
    for (const [i, tensor] of resumed.entries()) expect(await tensor.data()).toEqual(await straight[i]!.data());
    expect(await second.state()).toEqual(await first.state());
    for (const one of [first, second]) one.dispose();
    for (const tensor of [...straight, ...resumed]) tensor.dispose();
  });

  it('refuses the state of another model and keeps its own', async () => {
    const w = parameter(values(6, 1), [6]);
    const adam = new Adam([w], { lr: 1, betas: [0.5, 0.999] });
    const moment = (size: number) => ({ expAvg: values(size, 1), expAvgSq: values(size, 1) });
    expect(() => adam.loadState({ step: 3, moments: [moment(6), moment(6)] })).toThrow(/1 parameters.*of 2/);
    expect(() => adam.loadState({ step: 3, moments: [moment(5)] })).toThrow(/6 values \[6\].*have 5/);
    expect(await adam.state()).toEqual({
      step: 0,
      moments: [{ expAvg: new Float32Array(6), expAvgSq: new Float32Array(6) }],
    });
    expect(() => new Adam([w, w], { lr: 1, betas: [0.5, 0.999] })).toThrow(/only once; got 2, of which 1/);
    const view = w.reshape([w.size]);
    expect(() => new Adam([w, view], { lr: 1, betas: [0.5, 0.999] })).toThrow(/belongs to another|view of another/);
    view.dispose();
    expect(() => new Adam([], { lr: 1, betas: [0.5, 0.999] })).toThrow(/at least one/);
    for (const lr of [Number.NaN, -1, Number.POSITIVE_INFINITY, '0.1' as unknown as number]) {
      expect(() => {
        adam.lr = lr;
      }).toThrow(/lr of Adam must be .*; got/);
    }
    expect(adam.lr).toBe(1);
    adam.dispose();
    w.dispose();
  });

  it.each<[string, Partial<AdamOptions>, RegExp]>([
    ['lr', { lr: -0.1 }, /lr of Adam must be 0 or more and finite; got -0\.1/],
    ['lr', { lr: Number.NaN }, /lr of Adam .*; got NaN/],
    ['beta1', { betas: [1, 0.999] }, /betas of Adam must be from 0 to less than 1; got 1\./],
    ['beta1', { betas: [-0.1, 0.999] }, /betas of Adam/],
    ['beta2', { betas: [0.5, 1] }, /betas of Adam/],
    ['beta2', { betas: [0.5, Number.NaN] }, /betas of Adam/],
    ['eps', { eps: -1e-8 }, /eps of Adam must be 0 or more and finite; got -1e-8/],
    ['eps', { eps: Number.NaN }, /eps of Adam/],
  ])('refuses %s out of range, and leaves the parameter free', (_, options, message) => {
    const w = parameter(values(6, 1), [6]);
    const make = () => new Adam([w], { lr: 1, betas: [0.5, 0.999], ...options });
    expect(make).toThrow(CyclopsError);
    expect(make).toThrow(message);
    new Adam([w], { lr: 0, betas: [0, 0], eps: 0 }).dispose();
    w.dispose();
  });

  it('refuses parameters that belong to another, were computed, are no f32 or were disposed of', () => {
    const options = { lr: 0.1, betas: [0.9, 0.999] } as const;
    const w = parameter(values(6, 1), [6]);
    const other = parameter(values(6, 1), [6]);
    const adam = new Adam([w], options);
    for (const parameters of [[w], [other, w]]) {
      expect(() => new Adam(parameters, options)).toThrow(CyclopsError);
      expect(() => new Adam(parameters, options)).toThrow(/parameter \[6\] belongs to another optimiser already/);
    }
    expect(() => new Adam([scale(other, 2)], options)).toThrow(/trains leaves, but a parameter \[6\] was computed/);
    expect(() => new Adam([Tensor.empty(device, [6], 'f16')], options)).toThrow(
      /parameter of Adam must be f32; got f16/,
    );
    adam.dispose();
    const next = new Adam([w, other], options);
    next.dispose();
    w.dispose();
    expect(() => new Adam([w], options)).toThrow(/A disposed tensor \[6\] was used/);
    other.dispose();
  });

  it('refuses betas that are no pair, and parameters and scalers of another device', async () => {
    const other = await Device.open({ checked: true });
    const options = { lr: 0.1, betas: [0.9, 0.999] } as const;
    const w = parameter(values(6, 1), [6]);
    const there = Tensor.from(other, values(6, 1), [6]);
    // @ts-expect-error
    const one: readonly [number, number] = [0.9];
    expect(() => new Adam([w], { ...options, betas: one })).toThrow(/betas of Adam must be two numbers; got 1/);
    expect(() => new Adam([w, there], options)).toThrow(/Adam needs two tensors on one device/);
    const scaler = new LossScaler(other);
    expect(() => new Adam([w], { ...options, scaler })).toThrow(/needs two tensors on one device/);
    await device.fence();
    scaler.dispose();
    other.close();
    w.dispose();
  });

  it('disposed of twice leaves the optimiser that has its parameters by then alone', async () => {
    const options = { lr: 0.5, betas: [0.9, 0.999] } as const;
    const w = parameter(Float32Array.of(1), [1]);
    const first = new Adam([w], options);
    first.dispose();
    const second = new Adam([w], options);
    const live = device.pool.use.liveBytes;
    first.dispose();
    expect(device.pool.use.liveBytes).toBe(live);
    expect(() => new Adam([w], options)).toThrow(/belongs to another optimiser already/);
    scope(() => backward(scale(w, 3)));
    second.step();
    expect(await w.item()).toBeCloseTo(0.5, 6);
    second.dispose();
    w.dispose();
  });

  it('refuses to step where it would not see a gradient, and after another state than one', async () => {
    const options = { lr: 0.5, betas: [0.9, 0.999] } as const;
    const w = parameter(Float32Array.of(1), [1]);
    const adam = new Adam([w], options);
    const given = w.grad;
    w.grad = null;
    backward(w);
    expect(() => adam.step()).toThrow(CyclopsError);
    expect(() => adam.step()).toThrow(/grad of a parameter \[1\] was replaced/);
    w.grad = given;
    backward(w);
    adam.step();
    expect(await w.item()).toBeCloseTo(0.5, 6);
    const moments = [{ expAvg: new Float32Array(1), expAvgSq: new Float32Array(1) }];
    for (const step of [-1, 0.5, Number.NaN]) {
      expect(() => adam.loadState({ step, moments })).toThrow(/whole number from 0 to 2\^32 − 1; got/);
    }
    adam.dispose();
    w.dispose();
  });

  it('one too many for a loss scaler takes nothing', () => {
    const options = { lr: 0.5, betas: [0.9, 0.999] } as const;
    const scaler = new LossScaler(device);
    for (let i = 0; i < 8; i++) scaler.addOptimiser();
    const w = parameter(Float32Array.of(1), [1]);
    const live = device.pool.use.liveBytes;
    expect(() => new Adam([w], { ...options, scaler })).toThrow(/serves 8 optimisers at most/);
    expect(device.pool.use.liveBytes).toBe(live);
    new Adam([w], options).dispose();
    scaler.dispose();
    expect(() => new Adam([w], { ...options, scaler })).toThrow(/A disposed tensor/);
    w.dispose();
  });

  it('frees all it took', async () => {
    const { liveBytes, liveBuffers } = device.pool.use;
    const w = parameter(values(1000, 1), [1000]);
    const adam = new Adam([w], { lr: 1, betas: [0.5, 0.999] });
    const kept = await w.data();
    adam.dispose();
    expect(await w.data()).toEqual(kept);
    w.dispose();
    expect(device.pool.use).toMatchObject({ liveBytes, liveBuffers });
  });
});
