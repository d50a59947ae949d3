import { afterAll, beforeAll, expect, test } from 'vitest';
import { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import { Adam } from '../../src/optim/adam.ts';
import { AdamW } from '../../src/optim/adam-w.ts';
import { LossScaler } from '../../src/optim/loss-scaler.ts';
import { scope } from '../../src/tensor/scope.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { random } from '../oracles/compare.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ checked: true });
});
afterAll(() => device.close());

const OPTIONS = { lr: 0.05, betas: [0.8, 0.95], eps: 1e-6 } as const;

function parameter(values: Float32Array): Tensor {
  const tensor = Tensor.from(device, values, [values.length]);
  tensor.requiresGrad = true;
  return tensor;
}

test.each([false, true])('follows the formula; with a loss scaler: %s', async (scaled) => {
  const w = parameter(random(37));
  const expected = [...(await w.data())];
  const [m, v] = [new Float64Array(37), new Float64Array(37)];
  const scaler = scaled ? new LossScaler(device) : undefined;
  const optimiser = new AdamW([w], { ...OPTIONS, weightDecay: 0.4, scaler });
  for (let t = 1; t <= 3; t++) {
    // Clear of 0, where the second moment would make much of a rounding.
    const gradient = random(37).map((g) => g + Math.sign(g));
    w.grad!.upload(gradient.map((g) => g * (scaled ? 2 ** 16 : 1)));
    optimiser.step();
    scaler?.update();
    gradient.forEach((g, i) => {
      m[i] = 0.8 * m[i]! + 0.2 * g;
      v[i] = 0.95 * v[i]! + 0.05 * g * g;
      const step = m[i]! / (1 - 0.8 ** t) / (Math.sqrt(v[i]! / (1 - 0.95 ** t)) + 1e-6);
      expected[i] = expected[i]! * (1 - 0.05 * 0.4) - 0.05 * step;
    });
  }
  (await w.data()).forEach((value, i) => void expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(2e-6));
  optimiser.dispose();
  scaler?.dispose();
});

test('without decay it is Adam, to the bit', async () => {
  const start = random(11);
  const [a, b] = [parameter(start), parameter(start)];
  const [adam, adamW] = [new Adam([a], OPTIONS), new AdamW([b], { ...OPTIONS, weightDecay: 0 })];
  for (let i = 0; i < 3; i++) {
    const gradient = random(11);
    for (const w of [a, b]) w.grad!.upload(gradient);
    adam.step();
    adamW.step();
  }
  expect([...(await b.data())]).toEqual([...(await a.data())]);
});

test('replays with the same bits, also where the learning rate changes', async () => {
  const start = random(11);
  const gradient = random(11);
  const [a, b] = [parameter(start), parameter(start)];
  const [eager, captured] = [new AdamW([a], OPTIONS), new AdamW([b], OPTIONS)];
  for (const w of [a, b]) w.grad!.upload(gradient);
  const capture = device.capture(() => scope(() => captured.step()));
  for (let i = 1; i < 4; i++) {
    eager.lr = captured.lr = 0.1 * i;
    eager.step();
    capture.replay();
  }
  expect([...(await b.data())]).toEqual([...(await a.data())]);
  expect((await captured.state()).step).toBe(3);
  capture.dispose();
});

test('refuses a negative decay, and names itself', () => {
  expect(() => new AdamW([parameter(random(1))], { ...OPTIONS, weightDecay: -1 })).toThrow(CyclopsError);
  expect(() => new AdamW([parameter(random(1))], { ...OPTIONS, lr: -1 })).toThrow(/lr of AdamW/);
});
