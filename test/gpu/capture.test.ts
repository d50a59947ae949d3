import { afterAll, beforeAll, expect, test } from 'vitest';
import { conv2d } from '../../src/autograd/conv2d.ts';
import { instanceNorm } from '../../src/autograd/instance-norm.ts';
import { mseLoss } from '../../src/autograd/losses/mse-loss.ts';
import { backward, noGrad } from '../../src/autograd/tape.ts';
import { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import { scale } from '../../src/kernels/elementwise.ts';
import { Adam } from '../../src/optim/adam.ts';
import { randomUniform } from '../../src/tensor/random.ts';
import { keep, scope } from '../../src/tensor/scope.ts';
import { Tensor } from '../../src/tensor/tensor.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ checked: true });
});
afterAll(() => device.close());

const uniform = (stream: number, ...shape: number[]) =>
  randomUniform(device, shape, { seed: 3, stream, low: -1, high: 1 });

/** Two layers that learn, with a learning rate that changes from step to step. */
function learner() {
  const [x, target] = [uniform(0, 2, 9, 7, 4), uniform(1, 2, 9, 7, 8)];
  const weights = [uniform(2, 3, 3, 4, 8), uniform(3, 3, 3, 8, 8)];
  for (const weight of weights) weight.requiresGrad = true;
  const [first, second] = weights;
  if (!first || !second) throw new Error('unreachable');
  const adam = new Adam(weights, { lr: 0, betas: [0.5, 0.999] });
  const loss = keep(Tensor.from(device, [0], [1]));
  let rate = 0.1;
  const step = () => {
    device.eachStep(() => {
      rate *= 0.7;
      adam.lr = rate;
    });
    scope(() => {
      const options = { padding: 1, paddingMode: 'reflect' } as const;
      const hidden = instanceNorm(conv2d(x, first, null, options), { activation: 'relu' });
      adam.zeroGrad();
      backward(mseLoss(conv2d(hidden, second, null, options), target));
      adam.step();
    });
  };
  const values = async () => Promise.all(weights.map((weight) => weight.data()));
  const dispose = () => {
    adam.dispose();
    for (const tensor of [x, target, loss, ...weights]) tensor.dispose();
  };
  return { step, values, dispose };
}

test('replays give the bits of eager steps, whatever the host changes in between', async () => {
  const [eager, captured] = [learner(), learner()];
  const capture = device.capture(captured.step);
  expect(await captured.values()).toEqual(await eager.values());
  for (let step = 0; step < 6; step++) {
    eager.step();
    capture.replay();
    expect(await captured.values()).toEqual(await eager.values());
  }
  capture.dispose();
  for (const one of [eager, captured]) one.dispose();
});

test('a replay makes no buffer, bind group or pipeline, and its plan is near the least that it needs', () => {
  const { step, dispose } = learner();
  const live = device.pool.use.liveBuffers;
  const capture = device.capture(step);
  const { memory, launches } = capture;
  expect(device.pool.use.liveBuffers).toBe(live + memory.buffers);
  expect(memory.bytes).toBeGreaterThanOrEqual(memory.lowerBound);
  expect(memory.bytes).toBeLessThan(1.2 * memory.lowerBound);
  const counters = () => ({ ...device.pipelines.created, buffers: device.pool.use.created });
  const before = counters();
  const launched = device.recorder.launches;
  for (let i = 0; i < 3; i++) capture.replay();
  expect(counters()).toEqual(before);
  expect(device.recorder.launches).toBe(launched + 3 * launches.length);
  capture.dispose();
  expect(device.pool.use.liveBuffers).toBe(live);
  dispose();
});

test('what a captured body returns can be read after each replay', async () => {
  const x = Tensor.from(device, [1, 2, 3, 4], [1, 2, 2, 1]);
  const weight = Tensor.from(device, [2], [1, 1, 1, 1]);
  let y: Tensor | undefined;
  const capture = device.capture(() => {
    y = scope(() => noGrad(() => conv2d(conv2d(x, weight, null), weight, null)));
  });
  expect([...((await y?.data()) ?? [])]).toEqual([0, 0, 0, 0]);
  capture.replay();
  expect([...((await y?.data()) ?? [])]).toEqual([4, 8, 12, 16]);
  x.upload([1, 1, 1, 5]);
  capture.replay();
  expect([...((await y?.data()) ?? [])]).toEqual([4, 4, 4, 20]);
  capture.dispose();
  for (const tensor of [x, weight, y]) tensor?.dispose();
});

test('a trace does nothing: no launch, no host work, no memory kept', async () => {
  const { step, values, dispose } = learner();
  const before = await values();
  const { launches, pool, pipelines } = { ...device, launches: device.recorder.launches };
  const use = { ...pool.use };
  const made = { ...pipelines.created };
  const trace = device.trace(step);
  expect(trace.launches.length).toBeGreaterThan(10);
  expect(trace.hostWork).toHaveLength(2);
  expect(device.recorder.launches).toBe(launches);
  expect(pool.use).toEqual(use);
  expect(pipelines.created).toEqual(made);
  expect(await values()).toEqual(before);
  dispose();
});

test('a step that uploads or reads is refused, and the device goes on', async () => {
  expect(() => device.capture(() => scope(() => void Tensor.from(device, [1], [1])))).toThrow(
    /uploads host data .* 1 times\. Make such tensors before the capture/,
  );
  const x = Tensor.from(device, [7], [1]);
  let read: Promise<number> | undefined;
  device.trace(() => {
    read = x.item();
    read.catch(() => {});
  });
  await expect(read).rejects.toThrow(CyclopsError);
  expect(await x.item()).toBe(7);
  expect(() =>
    device.capture(() => {
      throw new Error('in the body');
    }),
  ).toThrow('in the body');
  expect(await x.item()).toBe(7);
  x.dispose();
});

test('a step inside a step is refused, captured or replayed, and the device goes on', async () => {
  const { x, y, capture } = doubler();
  for (const inside of [
    () => void device.capture(() => {}),
    () => capture.replay(),
    () => void device.trace(() => {}),
  ]) {
    expect(() => device.capture(inside)).toThrow(CyclopsError);
    expect(() => device.capture(inside)).toThrow(/inside a captured step/);
  }
  expect([...(await y.data())]).toEqual([0, 0, 0]);
  capture.replay();
  expect([...(await y.data())]).toEqual([4, 8, 12]);
  for (const one of [x, y, capture]) one.dispose();
});

test('a step that disposes of a tensor from outside is refused: replays would use memory of another', () => {
  const x = Tensor.from(device, [1, 2, 3], [3]);
  const y = Tensor.from(device, [0, 0, 0], [3]);
  const step = () => {
    scale(device, { x: x.slice, factor: 2, out: y.slice, count: 3 });
    x.dispose();
  };
  const live = device.pool.use.liveBuffers;
  expect(() => device.capture(step)).toThrow(/disposed of a tensor that it uses and did not make/);
  expect(device.pool.use.liveBuffers).toBe(live - 1);
  y.dispose();
});

/** y = 2 · (2 · x), with one temporary. */
function doubler() {
  const x = Tensor.from(device, [1, 2, 3], [3]);
  const y = Tensor.from(device, [0, 0, 0], [3]);
  const capture = device.capture(() =>
    scope(() => {
      const inner = Tensor.empty(device, [3]);
      scale(device, { x: x.slice, factor: 2, out: inner.slice, count: 3 });
      scale(device, { x: inner.slice, factor: 2, out: y.slice, count: 3 });
    }),
  );
  return { x, y, capture };
}

test('a capture that was disposed of is refused, and a second disposal is harmless', async () => {
  const { x, y, capture } = doubler();
  capture.replay();
  const live = device.pool.use.liveBuffers;
  capture.dispose();
  capture.dispose();
  expect(device.pool.use.liveBuffers).toBe(live - capture.memory.buffers);
  // Whoever has the temporaries' memory now keeps what lies there.
  const others = [0, 1].map(() => Tensor.from(device, [7, 8, 9], [3]));
  expect(() => capture.replay()).toThrow(CyclopsError);
  expect(() => capture.replay()).toThrow(/disposed of cannot be replayed\. Capture the step again/);
  for (const other of others) expect([...(await other.data())]).toEqual([7, 8, 9]);
  for (const tensor of [x, y, ...others]) tensor.dispose();
});

test('a capture is refused once a tensor that it reads or writes was disposed of', async () => {
  for (const which of ['x', 'y'] as const) {
    const { capture, ...tensors } = doubler();
    capture.replay();
    tensors[which].dispose();
    const other = Tensor.from(device, [7, 8, 9], [3]);
    expect(() => capture.replay()).toThrow(CyclopsError);
    expect(() => capture.replay()).toThrow(/after a tensor that it uses was disposed of/);
    expect([...(await other.data())]).toEqual([7, 8, 9]);
    for (const tensor of [tensors.x, tensors.y, capture, other]) tensor.dispose();
  }
});

test('a tensor that the step made and handed out counts as one that it uses', () => {
  const x = Tensor.from(device, [1, 2, 3], [3]);
  let y: Tensor | undefined;
  const capture = device.capture(() => {
    y = Tensor.empty(device, [3]);
    scale(device, { x: x.slice, factor: 2, out: y.slice, count: 3 });
  });
  capture.replay();
  y?.dispose();
  expect(() => capture.replay()).toThrow(/after a tensor that it uses was disposed of/);
  for (const one of [x, capture]) one.dispose();
});
