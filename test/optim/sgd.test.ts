import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import { LossScaler } from '../../src/optim/loss-scaler.ts';
import { SGD, type SGDOptions } from '../../src/optim/sgd.ts';
import { scope } from '../../src/tensor/scope.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { random } from '../oracles/compare.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ checked: true });
});
afterAll(() => device.close());

const SHAPES = [[5], [3, 7], [1], [2, 3, 5, 3], [130]];

function parameters(): Tensor[] {
  return SHAPES.map((shape) => {
    const parameter = Tensor.from(device, random(shape.reduce((a, b) => a * b)), shape);
    parameter.requiresGrad = true;
    return parameter;
  });
}

const read = (tensors: readonly (Tensor | null)[]) => Promise.all(tensors.map((tensor) => tensor!.data()));

/** Random gradients, as those of a loss times `scale`. */
function setGradients(of: readonly Tensor[], scale = 1): Float32Array[] {
  return of.map(({ grad, size }) => {
    const gradient = random(size);
    grad!.upload(gradient.map((v) => v * scale));
    return gradient;
  });
}

/** As PyTorch's documentation of torch.optim.SGD writes it, in float64. */
class Oracle {
  private velocity: number[] | null = null;

  constructor(readonly w: number[]) {}

  step(gradient: ArrayLike<number>, { lr, momentum = 0, nesterov = false, weightDecay = 0 }: SGDOptions): void {
    const g = this.w.map((w, i) => gradient[i]! + weightDecay * w);
    const before = this.velocity;
    const v = before ? g.map((d, i) => momentum * before[i]! + d) : g;
    this.velocity = v;
    const along = momentum === 0 ? g : nesterov ? g.map((d, i) => d + momentum * v[i]!) : v;
    along.forEach((d, i) => {
      this.w[i]! -= lr * d;
    });
  }
}

const variants: [string, SGDOptions][] = [
  ['plain', { lr: 0.1 }],
  ['weight decay', { lr: 0.1, weightDecay: 0.3 }],
  ['momentum', { lr: 0.1, momentum: 0.9 }],
  ['nesterov', { lr: 0.05, momentum: 0.8, nesterov: true, weightDecay: 0.1 }],
];

describe.each(variants)('%s', (_, options) => {
  test('follows the formula, at a learning rate that changes', async () => {
    const of = parameters();
    const oracles = (await read(of)).map((values) => new Oracle([...values]));
    const sgd = new SGD(of, options);
    for (let i = 0; i < 4; i++) {
      const gradients = setGradients(of);
      sgd.lr = options.lr / (i + 1);
      sgd.step();
      oracles.forEach((oracle, p) => void oracle.step(gradients[p]!, { ...options, lr: sgd.lr }));
    }
    (await read(of)).forEach((values, p) => {
      values.forEach((value, i) => void expect(Math.abs(value - oracles[p]!.w[i]!)).toBeLessThanOrEqual(4e-6));
    });
    sgd.dispose();
  });

  test('with a loss scaler divides by the scale, leaves overflowed steps out and keeps copies in f16', async () => {
    const scaler = new LossScaler(device);
    const of = parameters();
    const oracles = (await read(of)).map((values) => new Oracle([...values]));
    const sgd = new SGD(of, { ...options, scaler });
    for (const overflows of [false, true, false]) {
      const { scale } = await scaler.state();
      const gradients = setGradients(of, scale);
      if (overflows) of[1]!.grad!.upload(new Float32Array(of[1]!.size).fill(Infinity));
      sgd.step();
      scaler.update();
      if (!overflows) oracles.forEach((oracle, p) => void oracle.step(gradients[p]!, options));
    }
    expect((await scaler.state()).scale).toBe(2 ** 15);
    (await read(of)).forEach((values, p) => {
      values.forEach((value, i) => void expect(Math.abs(value - oracles[p]!.w[i]!)).toBeLessThanOrEqual(4e-6));
    });
    (await read(of.map(({ half }) => half))).forEach((values, p) => {
      values.forEach((value, i) => void expect(Math.abs(value - oracles[p]!.w[i]!)).toBeLessThanOrEqual(2e-3));
    });
    sgd.dispose();
    scaler.dispose();
  });

  test('replays with the same bits, and continues from a state', async () => {
    const start = random(7);
    const gradient = random(7);
    const made = () => {
      const w = Tensor.from(device, start, [7]);
      w.requiresGrad = true;
      return { w, sgd: new SGD([w], options) };
    };
    const [eager, captured, resumed] = [made(), made(), made()];
    for (const { w } of [eager, captured, resumed]) w.grad!.upload(gradient);
    const capture = device.capture(() => scope(() => captured.sgd.step()));
    for (let i = 0; i < 3; i++) {
      eager.sgd.lr = captured.sgd.lr = 0.1 + i;
      eager.sgd.step();
      capture.replay();
    }
    expect([...(await captured.w.data())]).toEqual([...(await eager.w.data())]);
    resumed.w.upload(await eager.w.data());
    resumed.sgd.loadState(await eager.sgd.state());
    for (const { sgd } of [eager, resumed]) {
      sgd.lr = 0.2;
      sgd.step();
    }
    expect([...(await resumed.w.data())]).toEqual([...(await eager.w.data())]);
    capture.dispose();
    for (const { sgd } of [eager, captured, resumed]) sgd.dispose();
  });
});

test('refuses the state of other options or of another model', async () => {
  const [w, v] = [parameters()[0]!, parameters()[0]!];
  const [plain, moving] = [new SGD([w], { lr: 1 }), new SGD([v], { lr: 1, momentum: 0.9 })];
  expect(await plain.state()).toEqual({ velocities: null });
  expect(() => moving.loadState({ velocities: null })).toThrow(CyclopsError);
  expect(() => plain.loadState({ velocities: [new Float32Array(5)] })).toThrow(/other options/);
  expect(() => moving.loadState({ velocities: [new Float32Array(4)] })).toThrow(/1 parameters with 5 values/);
  expect(() => new SGD([w], { lr: 1 })).toThrow(/belongs to another optimiser already/);
});

test.each<[string, SGDOptions, RegExp]>([
  ['a negative lr', { lr: -1 }, /lr of SGD must be 0 or more and finite; got -1/],
  ['a negative momentum', { lr: 1, momentum: -1 }, /momentum of SGD/],
  ['a weight decay that is no number', { lr: 1, weightDecay: Number.NaN }, /weightDecay of SGD/],
  ['nesterov without momentum', { lr: 1, nesterov: true }, /nesterov of SGD needs a momentum/],
])('refuses %s', (_, options, message) => {
  const make = () => new SGD(parameters(), options);
  expect(make).toThrow(CyclopsError);
  expect(make).toThrow(message);
});
