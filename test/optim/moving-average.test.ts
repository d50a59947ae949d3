import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Device } from '../../src/gpu/device.ts';
import { Adam } from '../../src/optim/adam.ts';
import { MovingAverage } from '../../src/optim/moving-average.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { expectClose, openPoisoned } from '../autograd/support.ts';
import { random } from '../oracles/compare.ts';

let device: Device;
beforeAll(async () => {
  device = await openPoisoned();
});
afterAll(() => device.close());

const SHAPES = [[5], [3, 7], [2, 3, 5, 3]];
const count = (shape: readonly number[]) => shape.reduce((product, extent) => product * extent, 1);

function build(decay: number, first = SHAPES.map((shape) => random(count(shape)))) {
  const parameters = SHAPES.map((shape, i) => {
    const tensor = Tensor.from(device, first[i]!, shape);
    tensor.requiresGrad = true;
    return tensor;
  });
  const adam = new Adam(parameters, { lr: 1e-3, betas: [0.5, 0.999] });
  return { parameters, adam, average: new MovingAverage(adam, decay) };
}

/** Σ decay^(t − s) · w_s / Σ decay^(t − s) over weights w_1 to w_t. */
function oracle(history: readonly ArrayLike<number>[], decay: number): number[] {
  const factors = history.map((_, s) => decay ** (history.length - 1 - s));
  const total = factors.reduce((sum, factor) => sum + factor, 0);
  return Array.from(history[0]!, (_, i) => history.reduce((sum, w, s) => sum + factors[s]! * w[i]!, 0) / total);
}

test.each([0, 0.5, 0.999])(
  'with a decay of %f follows the formula, whatever stood before the first step',
  async (decay) => {
    const { parameters, average } = build(decay);
    for (const parameter of parameters) {
      expect(await average.averages.get(parameter)!.data()).toEqual(await parameter.data());
    }
    const history: number[][][] = SHAPES.map(() => []);
    for (let step = 0; step < 7; step++) {
      for (const [i, parameter] of parameters.entries()) {
        const w = random(parameter.size).map((v) => Math.fround(v));
        parameter.upload(Float32Array.from(w));
        history[i]!.push(Array.from(w));
      }
      average.update();
    }
    for (const [i, parameter] of parameters.entries()) {
      // Relative to the weights that meet: all averages of a few may be small.
      expectClose(await average.averages.get(parameter)!.data(), oracle(history[i]!, decay), 2e-6, 1 / Math.sqrt(3));
    }
    expect(average.step).toBe(7);
    average.dispose();
  },
);

test('is one launch for all parameters, and replays with the same bits', async () => {
  const first = SHAPES.map((shape) => random(count(shape)));
  const [eager, replayed] = [build(0.9, first), build(0.9, first)];
  const steps = ({ adam, average }: typeof eager) => {
    for (const { grad } of adam.slots.map(({ parameter }) => parameter))
      grad!.upload(new Float32Array(grad!.size).fill(0.5));
    return () => {
      adam.step();
      average.update();
    };
  };
  const [eagerStep, replayedStep] = [steps(eager), steps(replayed)];
  expect(device.trace(() => replayed.average.update()).launches.map(({ label }) => label)).toEqual(['movingAverage']);
  expect(replayed.average.step).toBe(0);
  const capture = device.capture(replayedStep);
  for (let step = 0; step < 5; step++) {
    eagerStep();
    capture.replay();
  }
  for (const [i, parameter] of eager.parameters.entries()) {
    const found = await replayed.average.averages.get(replayed.parameters[i]!)!.data();
    expect(found).toEqual(await eager.average.averages.get(parameter)!.data());
    expect(found).not.toEqual(await parameter.data());
  }
});

test('frees what it took', () => {
  const { average } = build(0.9);
  const before = device.pool.use.liveBuffers;
  average.dispose();
  expect(device.pool.use.liveBuffers).toBeLessThan(before);
});

test.each([1, -0.1, Number.NaN])('a decay of %d is refused', (decay) => {
  const w = Tensor.from(device, [1, 2], [2]);
  const adam = new Adam([w], { lr: 1e-3, betas: [0.5, 0.999] });
  expect(() => new MovingAverage(adam, decay)).toThrow(/decay of a moving average must be from 0 to less than 1; got/);
  adam.dispose();
  w.dispose();
});
