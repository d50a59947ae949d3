import { afterAll, beforeAll, expect, test } from 'vitest';
import { relu } from '../../src/autograd/activations/relu.ts';
import { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import { scope } from '../../src/tensor/scope.ts';
import { Tensor } from '../../src/tensor/tensor.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ checked: true });
});
afterAll(() => device.close());

test('a body may return what holds no tensor, and what holds itself', () => {
  const seen: Tensor[] = [];
  const before = device.pool.use.liveBytes;
  // The new length of the array, as an arrow function without braces returns it.
  scope(() => seen.push(relu(Tensor.from(device, [1], [1]))));
  scope(() => 'done');
  expect(device.pool.use.liveBytes).toBe(before);
  interface Holder {
    self?: Holder;
    kept: Tensor;
  }
  const holder = scope(() => {
    const made: Holder = { kept: relu(Tensor.from(device, [1], [1])) };
    made.self = made;
    return made as { kept: Tensor };
  });
  expect(device.pool.use.liveBytes).toBeGreaterThan(before);
  holder.kept.dispose();
  expect(device.pool.use.liveBytes).toBe(before);
});

test('a body that throws leaves nothing taken, in nested scopes and in a capture', () => {
  const x = Tensor.from(device, [1], [1]);
  const before = device.pool.use.liveBytes;
  const throwing = () =>
    scope(() => {
      relu(x);
      scope(() => {
        relu(x);
        throw new Error('in the body');
      });
    });
  expect(throwing).toThrow('in the body');
  expect(() => device.capture(throwing)).toThrow('in the body');
  expect(device.pool.use.liveBytes).toBe(before);
  x.dispose();
});

test('what is no function is refused', () => {
  // @ts-expect-error
  const body: () => void = undefined;
  for (const use of [() => scope(body), () => device.within('name', body), () => device.capture(body)]) {
    expect(use).toThrow(CyclopsError);
    expect(use).toThrow(/takes a function to run; got undefined/);
  }
});
