import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import { Adam } from '../../src/optim/adam.ts';
import { LEAST_SCALE, LossScaler } from '../../src/optim/loss-scaler.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { random, rounded } from '../oracles/compare.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ checked: true });
});
afterAll(() => device.close());

const SHAPES = [[5], [3, 7], [1], [2, 3, 5, 3], [130]];
const BETAS = [0.5, 0.999] as const;
const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** An optimiser over parameters of odd sizes. */
function build(scaler: LossScaler, lr = 0.01): { parameters: Tensor[]; adam: Adam } {
  const parameters = SHAPES.map((shape) => {
    const parameter = Tensor.from(device, random(sizeOf(shape)), shape);
    parameter.requiresGrad = true;
    return parameter;
  });
  return { parameters, adam: new Adam(parameters, { lr, betas: BETAS, scaler }) };
}

function dispose({ parameters, adam }: ReturnType<typeof build>): void {
  adam.dispose();
  for (const parameter of parameters) parameter.dispose();
}

const read = (tensors: readonly (Tensor | null)[]) => Promise.all(tensors.map((tensor) => tensor!.data()));
const halvesOf = (parameters: readonly Tensor[]) => read(parameters.map(({ half }) => half));

/** Random gradients, as those of a loss times `scale`. */
function setGradients(parameters: readonly Tensor[], scale: number): Float32Array[] {
  return parameters.map(({ grad, size }) => {
    const gradient = random(size).map((v) => v * 1e-3);
    grad!.upload(gradient.map((v) => v * scale));
    return gradient;
  });
}

describe('Adam with a loss scaler', () => {
  it.each([0, 1, 6, 1000, 123_456])('follows the formula after %i steps, and keeps copies in f16', async (before) => {
    const scaler = new LossScaler(device);
    const built = build(scaler);
    const { parameters, adam } = built;
    const moments = parameters.map(({ size }) => ({
      expAvg: random(size).map((v) => v * 1e-3),
      expAvgSq: random(size).map((v) => v * v * 1e-6),
    }));
    adam.loadState({ step: before, moments });
    const expected = (await read(parameters)).map((data) => Float64Array.from(data));
    for (let step = before + 1; step <= before + 3; step++) {
      const gradients = setGradients(parameters, 2 ** 16);
      adam.step();
      scaler.update();
      gradients.forEach((g, p) => {
        const { expAvg, expAvgSq } = moments[p]!;
        g.forEach((_, i) => {
          expAvg[i] = BETAS[0] * expAvg[i]! + (1 - BETAS[0]) * g[i]!;
          expAvgSq[i] = BETAS[1] * expAvgSq[i]! + (1 - BETAS[1]) * g[i]! ** 2;
          const deviation = Math.sqrt(expAvgSq[i]! / (1 - BETAS[1] ** step)) + 1e-8;
          expected[p]![i]! -= (0.01 * expAvg[i]!) / (1 - BETAS[0] ** step) / deviation;
        });
      });
    }
    // Weights are below 1, but a step is long where the second moment happens to be small: then relative to what it leads to.
    const size = (weight: number) => Math.max(1, Math.abs(weight));
    const weights = await read(parameters);
    weights.forEach((values, p) => {
      const far = values.map((value, i) => Math.abs(value - expected[p]![i]!) / size(expected[p]![i]!));
      expect(Math.max(...far)).toBeLessThan(3e-6);
    });
    const halves = await halvesOf(parameters);
    halves.forEach((values, p) => {
      const far = values.map((value, i) => Math.abs(value - weights[p]![i]!) / size(weights[p]![i]!));
      expect(Math.max(...far)).toBeLessThanOrEqual(2 ** -11);
    });
    expect((await adam.state()).step).toBe(before + 3);
    dispose(built);
    scaler.dispose();
  });

  it('gives each copy an offset that can be bound, and refreshes it with its parameter', async () => {
    const scaler = new LossScaler(device);
    const built = build(scaler);
    const { parameters } = built;
    expect(await halvesOf(parameters)).toEqual((await read(parameters)).map((values) => half(values)));
    for (const { half } of parameters) {
      expect(half!.slice.offset % device.limits.minStorageBufferOffsetAlignment).toBe(0);
    }
    const loaded = parameters.map(({ size }) => random(size));
    parameters.forEach((parameter, i) => {
      parameter.upload(loaded[i]!);
    });
    expect(await halvesOf(parameters)).toEqual(loaded.map((values) => half(values)));
    dispose(built);
    expect(parameters.every((parameter) => parameter.half === null)).toBe(true);
    scaler.dispose();
  });

  it.each([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN])(
    'leaves a step out whose gradients hold %d, to the bit, and halves the scale',
    async (fault) => {
      const scaler = new LossScaler(device);
      const [faulty, sound] = [build(scaler), build(scaler)];
      const everything = async ({ parameters, adam }: typeof faulty) => ({
        ...{ weights: await read(parameters), halves: await halvesOf(parameters) },
        state: await adam.state(),
      });
      const step = () => {
        for (const { adam } of [faulty, sound]) adam.step();
        scaler.update();
      };
      for (const { parameters } of [faulty, sound]) setGradients(parameters, 2 ** 16);
      step();
      expect(await scaler.state()).toEqual({ scale: 2 ** 16, goodSteps: 1 });

      const before = [await everything(faulty), await everything(sound)];
      for (const { parameters } of [faulty, sound]) setGradients(parameters, 2 ** 16);
      const broken = faulty.parameters[3]!.grad!;
      broken.upload((await broken.data()).with(41, fault));
      step();
      const after = [await everything(faulty), await everything(sound)];
      expect(after[0]).toEqual(before[0]);
      expect(after[1]!.state.step).toBe(2);
      expect(after[1]!.weights).not.toEqual(before[1]!.weights);
      expect(await scaler.state()).toEqual({ scale: 2 ** 15, goodSteps: 0 });

      // The next step is an ordinary one.
      setGradients(faulty.parameters, 2 ** 15);
      step();
      expect((await faulty.adam.state()).step).toBe(2);
      expect(await scaler.state()).toEqual({ scale: 2 ** 15, goodSteps: 1 });
      for (const one of [faulty, sound]) dispose(one);
      scaler.dispose();
    },
  );

  it('does not look at what lies between the gradients', async () => {
    const scaler = new LossScaler(device);
    const built = build(scaler);
    setGradients(built.parameters, 1);
    for (const { grad, size } of built.parameters) {
      const { buffer, offset } = grad!.slice;
      const padding = Math.ceil(size / 4) * 4 - size;
      const faults = new Float32Array(padding).fill(Number.NaN);
      device.write({ buffer, offset: offset + 4 * size, size: 4 * padding }, faults);
    }
    built.adam.step();
    scaler.update();
    expect((await built.adam.state()).step).toBe(1);
    dispose(built);
    scaler.dispose();
  });

  it('looks through the gradients and steps in two launches, and updates in one', () => {
    const scaler = new LossScaler(device);
    const built = build(scaler);
    const { launches } = device.recorder;
    built.adam.step();
    expect(device.recorder.launches).toBe(launches + 2);
    scaler.update();
    expect(device.recorder.launches).toBe(launches + 3);
    dispose(built);
    scaler.dispose();
  });
});

describe('a loss scaler', () => {
  const overflow = ({ parameters: [first], adam }: ReturnType<typeof build>) => {
    first!.grad!.upload(new Float32Array(first!.size).fill(Number.POSITIVE_INFINITY));
    adam.step();
  };

  it('doubles the scale after 2000 good steps, and counts anew', async () => {
    const scaler = new LossScaler(device);
    const built = build(scaler);
    scaler.loadState({ scale: 1024, goodSteps: 1998 });
    for (const state of [
      { scale: 1024, goodSteps: 1999 },
      { scale: 2048, goodSteps: 0 },
      { scale: 2048, goodSteps: 1 },
    ]) {
      setGradients(built.parameters, 1);
      built.adam.step();
      scaler.update();
      expect(await scaler.state()).toEqual(state);
    }
    expect(await scaler.scale.item()).toBe(2048);
    dispose(built);
    scaler.dispose();
  });

  it('halves the scale below 1 too, to 2^-24 at least, and changes nothing without a step', async () => {
    const scaler = new LossScaler(device);
    const built = build(scaler);
    scaler.loadState({ scale: 2, goodSteps: 7 });
    scaler.update();
    expect(await scaler.state()).toEqual({ scale: 2, goodSteps: 7 });
    for (const scale of [1, 1 / 2]) {
      overflow(built);
      scaler.update();
      expect(await scaler.state()).toEqual({ scale, goodSteps: 0 });
    }
    scaler.loadState({ scale: 2 * LEAST_SCALE, goodSteps: 0 });
    for (let i = 0; i < 2; i++) {
      overflow(built);
      scaler.update();
      expect(await scaler.state()).toEqual({ scale: LEAST_SCALE, goodSteps: 0 });
    }
    dispose(built);
    scaler.dispose();
  });

  it('serves eight optimisers, and frees all it took', () => {
    const { liveBytes, liveBuffers } = device.pool.use;
    const scaler = new LossScaler(device);
    const built = Array.from({ length: 8 }, () => build(scaler));
    expect(() => scaler.addOptimiser()).toThrow(CyclopsError);
    for (const one of built) dispose(one);
    scaler.dispose();
    expect(device.pool.use).toMatchObject({ liveBytes, liveBuffers });
  });

  it('refuses a state that cannot be', () => {
    const scaler = new LossScaler(device);
    for (const scale of [0, -1, Number.NaN, Infinity, 1e39, 1e-60]) {
      expect(() => scaler.loadState({ scale, goodSteps: 0 })).toThrow(CyclopsError);
      expect(() => scaler.loadState({ scale, goodSteps: 0 })).toThrow(
        `The scale of a loss scaler must be positive and finite; got ${scale}.`,
      );
    }
    for (const goodSteps of [-1, 0.5, Number.NaN]) {
      expect(() => scaler.loadState({ scale: 1, goodSteps })).toThrow(CyclopsError);
    }
    scaler.dispose();
  });

  it('refuses a device without f16, and says what to do', () => {
    const without = new Proxy(device, {
      get: (target, key) => (key === 'features' ? new Set() : Reflect.get(target, key, target)),
    });
    expect(() => new LossScaler(without)).toThrow(CyclopsError);
    expect(() => new LossScaler(without)).toThrow(/lacks the feature shader-f16\. Use f32, or another device/);
  });
});

const half = (values: Float32Array) => rounded('f16', values);
