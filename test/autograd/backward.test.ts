import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { relu } from '../../src/autograd/activations/relu.ts';
import { tanh } from '../../src/autograd/activations/tanh.ts';
import { add } from '../../src/autograd/add.ts';
import { conv2d } from '../../src/autograd/conv2d.ts';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { mseLoss } from '../../src/autograd/losses/mse-loss.ts';
import { mean } from '../../src/autograd/mean.ts';
import { scale } from '../../src/autograd/scale.ts';
import { sum } from '../../src/autograd/sum.ts';
import { backward, detach, noGrad } from '../../src/autograd/tape.ts';
import { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import { Adam } from '../../src/optim/adam.ts';
import { cast } from '../../src/tensor/cast.ts';
import { sliceBatch } from '../../src/tensor/slice.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { random } from '../oracles/compare.ts';
import { expectClose, gradOf, leaf, openPoisoned } from './support.ts';

let device: Device;
beforeAll(async () => {
  device = await openPoisoned();
});
afterAll(() => device.close());

/** A leaf of an f16 tensor, whose values f16 can hold. */
function halfLeaf(values: ArrayLike<number>, shape: readonly number[]): Tensor {
  const tensor = cast(Tensor.from(device, values, shape), 'f16');
  tensor.requiresGrad = true;
  return tensor;
}

/** Whole numbers from −8 to 8, which f16 holds exactly. */
const whole = (count: number) => Float32Array.from({ length: count }, () => Math.round(16 * Math.random() - 8));

describe('where a backward pass starts', () => {
  test('a loss that is named twice counts twice, also with a gradient of its own', async () => {
    const x = leaf(device, [1, 2, 3], [3]);
    const loss = sum(x);
    backward([loss, loss]);
    expect([...(await gradOf(x))]).toEqual([2, 2, 2]);
    const y = leaf(device, [1, 2, 3], [3]);
    const twice = scale(y, 5);
    backward([twice, twice, twice], Tensor.from(device, [1, 10, 100], [3]));
    expect([...(await gradOf(y))]).toEqual([15, 150, 1500]);
  });

  test('a loss that another one is made of gets both gradients', async () => {
    const x = leaf(device, [3], [1]);
    const inner = scale(x, 2);
    backward([scale(inner, 10), inner]);
    expect([...(await gradOf(x))]).toEqual([22]);
  });

  test('a leaf gets the gradient that it was given, and adds it to what it has', async () => {
    const x = leaf(device, [5], [1]);
    backward(x);
    expect([...(await gradOf(x))]).toEqual([1]);
    backward([x, scale(x, 4)]);
    expect([...(await gradOf(x))]).toEqual([6]);
    const y = leaf(device, [5, 6, 7], [3]);
    backward(y, Tensor.from(device, [1, 2, 3], [3]));
    expect([...(await gradOf(y))]).toEqual([1, 2, 3]);
  });

  test('of f16 the gradient begins as an f16', async () => {
    const x = halfLeaf([3], [1]);
    backward(scale(x, 4));
    expect([...(await gradOf(x))]).toEqual([4]);
    const y = halfLeaf([3], [1]);
    const z = leaf(device, [3], [1]);
    backward([scale(y, 4), scale(z, 5)]);
    expect([...(await gradOf(y)), ...(await gradOf(z))]).toEqual([4, 5]);
  });

  test('a scalar of any shape takes a gradient [1]', async () => {
    const x = leaf(device, [2], [1, 1, 1, 1]);
    backward(scale(x, 3), Tensor.from(device, [7], [1]));
    expect([...(await gradOf(x))]).toEqual([21]);
  });

  test.each<[string, () => void, RegExp]>([
    ['nothing', () => backward([]), /at least one tensor/],
    ['what nothing asked a gradient of', () => backward(sum(Tensor.from(device, [5], [1]))), /does not require grad/],
    [
      'one such of several',
      () => backward([sum(leaf(device, [1], [1])), Tensor.from(device, [5], [1])]),
      /does not require/,
    ],
    ['what was made in noGrad', () => backward(noGrad(() => sum(leaf(device, [5], [1])))), /does not require grad/],
    ['what was cut off', () => backward(detach(sum(leaf(device, [5], [1])))), /does not require grad/],
    ['several elements without a gradient', () => backward(relu(leaf(device, [1, 2], [2]))), /differentiates scalars/],
    [
      'too short a gradient',
      () => backward(relu(leaf(device, whole(8), [8])), Tensor.from(device, [1], [1])),
      /gradOutput of the shape \[8\].*; got \[1\]/,
    ],
    [
      'too long a gradient',
      () => backward(scale(leaf(device, [1, 2], [2]), 2), Tensor.from(device, [1, 2, 3, 4], [4])),
      /gradOutput of the shape \[2\].*; got \[4\]/,
    ],
    [
      'a gradient of another shape and the same size',
      () => backward(scale(leaf(device, whole(6), [2, 3]), 2), Tensor.from(device, whole(6), [3, 2])),
      /gradOutput of the shape \[2, 3\].*; got \[3, 2\]/,
    ],
    [
      'a gradient of another dtype',
      () => backward(scale(leaf(device, [1, 2], [2]), 2), cast(Tensor.from(device, [1, 2], [2]), 'f16')),
      /got f32 and f16/,
    ],
  ])('%s is refused', (_, work, message) => {
    expect(work).toThrow(CyclopsError);
    expect(work).toThrow(message);
  });

  test('the gradient of a leaf may be where another pass starts', async () => {
    const x = leaf(device, [1, 2, 3], [3]);
    backward(x, Tensor.from(device, [1, 2, 3], [3]));
    backward([x, x], x.grad ?? undefined);
    expect([...(await gradOf(x))]).toEqual([3, 6, 9]);
    // Their gradients lie in one buffer.
    const [p, q] = [leaf(device, [1, 2], [2]), leaf(device, [3, 4], [2])];
    const adam = new Adam([p, q], { lr: 1, betas: [0.9, 0.999] });
    backward(add(p, q), Tensor.from(device, [5, 7], [2]));
    backward(add(p, q), p.grad ?? undefined);
    expect([...(await gradOf(p)), ...(await gradOf(q))]).toEqual([10, 14, 10, 14]);
    adam.dispose();
  });

  test('a pass that fails leaves no gradient that was never written', () => {
    const x = Tensor.from(device, new Float32Array(16), [1, 2, 2, 4]);
    const w = leaf(device, new Float32Array(16), [1, 1, 4, 4]);
    const b = leaf(device, new Float32Array(4), [4]);
    const loss = sum(conv2d(x, w, b));
    x.dispose();
    expect(() => backward(loss)).toThrow(/A disposed tensor \[1, 2, 2, 4\]/);
    expect(w.grad).toBeNull();
    const y = leaf(device, [1, 2], [2]);
    const gradient = Tensor.from(device, [1, 2], [2]);
    gradient.dispose();
    expect(() => backward(y, gradient)).toThrow(/A disposed tensor/);
    expect(y.grad).toBeNull();
  });

  test('losses on two devices are refused', async () => {
    const other = await Device.open({ checked: true });
    const [here, there] = [sum(leaf(device, [1], [1])), sum(leaf(other, [1], [1]))];
    expect(() => backward([here, there])).toThrow(/backward needs two tensors on one device/);
    other.close();
  });

  test('a gradient or a target on another device is refused', async () => {
    const other = await Device.open({ checked: true });
    const x = leaf(device, [1, 2], [2]);
    const there = Tensor.from(other, [1, 2], [2]);
    expect(() => backward(scale(x, 2), there)).toThrow(/backward needs two tensors on one device/);
    expect(() => add(x, there)).toThrow(/add needs two tensors on one device/);
    expect(() => mseLoss(x, there)).toThrow(CyclopsError);
    other.close();
  });
});

describe('tensors that were disposed of', () => {
  test.each<[string, (x: Tensor) => unknown]>([
    ['reshape', (x) => x.reshape([2])],
    ['detach', (x) => detach(x)],
    ['slice', (x) => x.slice],
    ['upload', (x) => x.upload([1, 2])],
    ['an operation', (x) => scale(x, 2)],
    ['cast', (x) => cast(x, 'f16')],
    ['sliceBatch', (x) => sliceBatch(x, 0, 1)],
  ])('%s refuses one', (_, use) => {
    const x = Tensor.from(device, [1, 2], [2]);
    x.dispose();
    expect(() => use(x)).toThrow(CyclopsError);
    expect(() => use(x)).toThrow(/A disposed tensor \[2\] was used/);
  });

  test('so does data(), and a view outlives the tensor that it was made of', async () => {
    const x = Tensor.from(device, [1, 2], [2]);
    const view = x.reshape([1, 2]);
    x.dispose();
    await expect(x.data()).rejects.toThrow(/A disposed tensor/);
    expect([...(await view.data())]).toEqual([1, 2]);
  });

  test('a backward pass that comes to one is refused instead of ending there', () => {
    const x = leaf(device, [1, 2], [2]);
    const inner = scale(x, 2);
    const loss = sum(inner);
    inner.dispose();
    expect(() => backward(loss)).toThrow(/A disposed tensor \[2\] was used/);
    const gone = leaf(device, [1], [1]);
    const double = scale(gone, 2);
    gone.dispose();
    const live = device.pool.use.liveBuffers;
    expect(() => backward(double, Tensor.from(device, [1], [1]))).toThrow(/A disposed tensor \[1\] was used/);
    expect(device.pool.use.liveBuffers).toBeLessThanOrEqual(live + 2);
  });
});

describe('reshape, sliceBatch and cast pass gradients on', () => {
  test('reshape, of a leaf and of what was computed', async () => {
    const x = leaf(device, [1, 2, 3, 4], [4]);
    backward(sum(scale(x.reshape([2, 2]), 3)));
    expect([...(await gradOf(x))]).toEqual([3, 3, 3, 3]);
    const y = leaf(device, random(30), [2, 15]);
    const weights = random(30);
    backward(scale(y, 2).reshape([5, 3, 2]).reshape([30]), Tensor.from(device, weights, [30]));
    expectClose(
      await gradOf(y),
      weights.map((weight) => 2 * weight),
    );
  });

  test('sliceBatch: the entries taken get the gradient, all others 0, several slices add up', async () => {
    const values = random(7 * 5);
    const x = leaf(device, values, [7, 5]);
    const [first, second] = [random(3 * 5), random(4 * 5)];
    backward(add(sum(mseLikeProduct(sliceBatch(x, 1, 4), first)), sum(mseLikeProduct(sliceBatch(x, 3, 7), second))));
    const expected = values.map((_, i) => (first[i - 5] ?? 0) + (second[i - 15] ?? 0));
    expectClose(await gradOf(x), expected);
  });

  test('of f16 too', async () => {
    const values = whole(4 * 6);
    const x = halfLeaf(values, [4, 6]);
    const weights = whole(2 * 6);
    const out = sliceBatch(x.reshape([4, 2, 3]), 1, 3);
    backward(out, cast(Tensor.from(device, weights, [2, 2, 3]), 'f16'));
    expect([...(await gradOf(x))]).toEqual([...values].map((_, i) => weights[i - 6] ?? 0));
  });

  test('cast, both ways: a gradient comes back in the dtype of the tensor', async () => {
    const x = leaf(device, whole(9), [9]);
    const weights = whole(9);
    backward(scale(cast(x, 'f16'), 2), cast(Tensor.from(device, weights, [9]), 'f16'));
    expect(x.grad?.dtype).toBe('f32');
    expect([...(await gradOf(x))]).toEqual([...weights].map((weight) => 2 * weight));
    const half = halfLeaf(whole(9), [9]);
    backward(scale(cast(half, 'f32'), 2), Tensor.from(device, weights, [9]));
    expect(half.grad?.dtype).toBe('f16');
    expect([...(await gradOf(half))]).toEqual([...weights].map((weight) => 2 * weight));
  });

  test('central differences agree', async () => {
    const x = leaf(device, random(2 * 3 * 4 * 3), [2, 3, 4, 3]);
    const through = (input: Tensor) => tanh(sliceBatch(input.reshape([6, 4, 3]), 1, 4).reshape([3, 12]));
    await gradcheck(through, [x]);
    await gradcheck((input) => mean(cast(scale(input, 0.5), 'f32').reshape([72])), [x]);
  });

  test('a weight that is a view of a leaf is trained, and nothing is recorded in noGrad', async () => {
    const flat = leaf(device, random(2 * 3), [6]);
    const x = Tensor.from(device, random(2 * 4), [1, 2, 2, 2]);
    await gradcheck((weight) => conv2d(x, weight.reshape([1, 1, 2, 3]), null), [flat]);
    const unseen = noGrad(() => sliceBatch(flat.reshape([2, 3]), 0, 1));
    expect([unseen.requiresGrad, unseen.node]).toEqual([false, null]);
    expect([detach(flat).requiresGrad, detach(flat).node]).toEqual([false, null]);
  });

  test.each<[readonly number[]]>([[[2.5, 3.2]], [[-2, -4]], [[0]], [[Number.NaN]], [[8.5]]])(
    'a shape of anything but positive integers is refused: %j',
    (shape) => {
      const x = Tensor.from(device, whole(8), [8]);
      expect(() => x.reshape(shape)).toThrow(CyclopsError);
      expect(() => x.reshape(shape)).toThrow(/extents must be positive integers/);
    },
  );

  test.each([
    [0.5, 1.5],
    [0, 1.5],
    [Number.NaN, 1],
    [-1, 1],
    [1, 1],
    [0, 4],
  ])('entries %d to %d of three are refused', (start, end) => {
    expect(() => sliceBatch(Tensor.from(device, [1, 2, 3], [3]), start, end)).toThrow(/Cannot take entries/);
  });
});

/** ½ ((x + w)² − x² − w²) summed gives Σ x · w, by operations that are tested elsewhere; its gradient by x is w. */
function mseLikeProduct(x: Tensor, weights: Float32Array): Tensor {
  const w = Tensor.from(device, weights, x.shape);
  const square = (t: Tensor) => scale(mseLoss(t, 0), t.size / 2);
  return add(square(add(x, w)), scale(add(square(x), square(w)), -1));
}
