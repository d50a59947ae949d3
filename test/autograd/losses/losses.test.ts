import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gradcheck } from '../../../src/autograd/gradcheck.ts';
import { bceWithLogits } from '../../../src/autograd/losses/bce-with-logits.ts';
import { l1Loss } from '../../../src/autograd/losses/l1-loss.ts';
import { mseLoss } from '../../../src/autograd/losses/mse-loss.ts';
import { mean } from '../../../src/autograd/mean.ts';
import { sum } from '../../../src/autograd/sum.ts';
import { backward } from '../../../src/autograd/tape.ts';
import type { Device } from '../../../src/gpu/device.ts';
import { CyclopsError } from '../../../src/gpu/errors.ts';
import { forceVariants } from '../../../src/kernels/tuning/choices.ts';
import { cast } from '../../../src/tensor/cast.ts';
import { Tensor } from '../../../src/tensor/tensor.ts';
import { random } from '../../oracles/compare.ts';
import { bce, l1, meanLoss, meanLossGradients, mse } from '../../oracles/losses.ts';
import { awayFromZero, expectClose, golden, gradOf, leaf, openPoisoned } from '../support.ts';

let device: Device;
beforeAll(async () => {
  device = await openPoisoned();
});
afterAll(() => device.close());

const losses = [
  { name: 'l1Loss', run: (a: Tensor, b: Tensor) => l1Loss(a, b), oracle: l1 },
  { name: 'mseLoss', run: mseLoss, oracle: mse },
  { name: 'bceWithLogits', run: bceWithLogits, oracle: bce },
];

/** The tail of a vec4, one workgroup, several, and more elements than all workgroups visit in one stride. */
const counts = [1, 3, 4, 257, 2051, 600_001];

/** The first is far from the labels 0 to 1, so that errors are measured against a gradient that is no difference of equals. */
function logits(count: number): Float32Array {
  return random(count).map((v, i) => (i === 0 ? -2 : 3 * v));
}

describe.each(losses)('$name of two tensors', ({ run, oracle }) => {
  test.each(counts)('follows the formula, forward and backward, for %i elements', async (count) => {
    const [a, b] = [logits(count), random(count)];
    b[0] = 1;
    if (count > 1) b[1] = a[1]!;
    const [x, y] = [leaf(device, a, [count]), leaf(device, b, [count])];
    const loss = run(x, y);
    backward(loss, Tensor.from(device, [-2.5], [1]));
    expect(loss.shape).toEqual([1]);
    expect(await loss.item()).toBeCloseTo(meanLoss(oracle, a, b), 5);
    const expected = meanLossGradients(oracle, a, b, -2.5);
    expectClose(await gradOf(x), expected.a);
    expectClose(await gradOf(y), expected.b);
  });

  test('has the gradient of central differences by both operands', async () => {
    const b = random(15);
    const a = awayFromZero(15).map((distance, i) => b[i]! + distance);
    await gradcheck(run, [leaf(device, a, [3, 5]), leaf(device, b, [3, 5])]);
  });

  test('does no work for an operand that wants no gradient', async () => {
    const launches = (first: Tensor, second: Tensor) => {
      const loss = run(first, second);
      const before = device.recorder.launches;
      backward(loss);
      return device.recorder.launches - before;
    };
    const fixed = () => Tensor.from(device, random(5), [5]);
    const wanting = () => leaf(device, random(5), [5]);
    const [x, y] = [wanting(), wanting()];
    const both = launches(wanting(), wanting());
    expect(launches(x, fixed())).toBeLessThan(both);
    expect(launches(fixed(), y)).toBeLessThan(both);
    expect(x.grad).not.toBeNull();
    expect(y.grad).not.toBeNull();
  });

  test('gives the same bits every time', async () => {
    const [x, y] = [Tensor.from(device, random(100_003), [100_003]), Tensor.from(device, random(100_003), [100_003])];
    const once = await run(x, y).item();
    expect(await run(x, y).item()).toBe(once);
  });

  test('refuses tensors of two shapes', () => {
    expect(() => run(Tensor.empty(device, [2, 3]), Tensor.empty(device, [3, 2]))).toThrow(CyclopsError);
  });
});

describe.each([
  { name: 'mseLoss', run: mseLoss, oracle: mse },
  { name: 'bceWithLogits', run: bceWithLogits, oracle: bce },
])('$name against a constant', ({ run, oracle }) => {
  test.each([
    [0, 35],
    [1, 2051],
    [0.9, 6],
  ])('follows the formula for target %f', async (target, count) => {
    const a = logits(count);
    const x = leaf(device, a, [count]);
    const loss = run(x, target);
    backward(loss, Tensor.from(device, [3], [1]));
    expect(await loss.item()).toBeCloseTo(meanLoss(oracle, a, target), 5);
    expectClose(await gradOf(x), meanLossGradients(oracle, a, target, 3).a);
  });

  test('has the gradient of central differences', async () => {
    await gradcheck((x) => run(x, 0.7), [leaf(device, random(9), [9])]);
  });
});

describe.each([
  { name: 'mseLoss', run: mseLoss, oracle: mse },
  { name: 'bceWithLogits', run: bceWithLogits, oracle: bce },
])('$name against a pair of constants', ({ run, oracle }) => {
  const pair = [0.9, 0.2] as const;
  const targets = (count: number) => Array.from({ length: count }, (_, i) => (i < count / 2 ? pair[0] : pair[1]));

  /** The second half begins inside a vec4, at one, and far on. */
  test.each([[2], [2, 1, 3], [6, 5, 7], [4, 8, 8, 1], [2, 300_001]])(
    'compares each half of a batch [%i, %i, …] with its own',
    async (...shape) => {
      const count = shape.reduce((a, b) => a * b);
      const a = logits(count);
      const x = leaf(device, a, shape);
      const loss = run(x, pair);
      backward(loss, Tensor.from(device, [-2], [1]));
      expect(await loss.item()).toBeCloseTo(meanLoss(oracle, a, targets(count)), 5);
      expectClose(await gradOf(x), meanLossGradients(oracle, a, targets(count), -2).a);
    },
  );

  test('is half the sum of the losses of both halves', async () => {
    const halves = [random(45), random(45)];
    const [first, second] = halves.map((values) => Tensor.from(device, values, [3, 3, 5]));
    const both = Tensor.from(device, [...halves[0]!, ...halves[1]!], [6, 3, 5]);
    const sum = (await run(first!, pair[0]).item()) + (await run(second!, pair[1]).item());
    expect(await run(both, pair).item()).toBeCloseTo(sum / 2, 6);
  });

  test('has the gradient of central differences', async () => {
    await gradcheck((x) => run(x, pair), [leaf(device, random(14), [2, 7])]);
  });

  test('refuses an odd batch, however many elements it has', () => {
    const x = Tensor.empty(device, [3, 4]);
    expect(() => run(x, pair)).toThrow(CyclopsError);
    expect(() => run(x, pair)).toThrow(/even batch size; got the shape \[3, 4\]/);
  });
});

test('the cross-entropy of a confident discriminator keeps its digits', async () => {
  for (const logit of [5, 10, 15, 30, 80]) {
    const loss = await bceWithLogits(Tensor.from(device, [logit], [1]), 1).item();
    expect(Math.abs(loss / Math.log1p(Math.exp(-logit)) - 1)).toBeLessThan(2e-6);
  }
});

test.each([
  ['l1_loss', l1Loss],
  ['mse_loss', mseLoss],
  ['bce_with_logits_hard', bceWithLogits],
  ['bce_with_logits_soft', bceWithLogits],
] as const)('agrees with the reference framework: %s', async (name, run) => {
  const of = golden(name);
  const [x, y] = (['input', 'target'] as const).map((key) => leaf(device, of(key).data, of(key).shape));
  const loss = run(x!, y!);
  backward(loss, Tensor.from(device, of('grad_output').data, [1]));
  expectClose(await loss.data(), of('output').data);
  expectClose(await gradOf(x!), of('grad_input').data);
  if (run !== bceWithLogits) expectClose(await gradOf(y!), of('grad_target').data);
});

test('agrees with the reference framework: mse_loss_const_target', async () => {
  const of = golden('mse_loss_const_target');
  const x = leaf(device, of('input').data, of('input').shape);
  const loss = mseLoss(x, 1);
  backward(loss, Tensor.from(device, of('grad_output').data, [1]));
  expectClose(await loss.data(), of('output').data);
  expectClose(await gradOf(x), of('grad_input').data);
});

describe.each([
  { name: 'sum', run: sum, share: () => 1 },
  { name: 'mean', run: mean, share: (count: number) => 1 / count },
])('$name', ({ run, share }) => {
  test.each(counts)('of %i elements', async (count) => {
    const values = random(count).map((v) => v + 0.5);
    const x = leaf(device, values, [count]);
    const total = run(x);
    backward(total, Tensor.from(device, [0.5], [1]));
    // Relative to half a unit an element, their mean: three or four may cancel.
    const expected = [share(count) * values.reduce((s, v) => s + v, 0)];
    expectClose(await total.data(), expected, 1e-5, share(count) * 0.5 * count);
    expectClose(await gradOf(x), new Array(count).fill(0.5 * share(count)), 1e-7);
  });
});

test('a weighted l1Loss is the loss times its weight, and so is its gradient', async () => {
  const [a, b] = [random(37), random(37)];
  const x = leaf(device, a, [37]);
  const loss = l1Loss(x, Tensor.from(device, b, [37]), 10);
  backward(loss);
  const expected = meanLossGradients(l1, a, b, 10);
  expectClose(await loss.data(), [10 * meanLoss(l1, a, b)], 1e-5);
  expectClose(await gradOf(x), expected.a);
});

describe.each(['single', 'split', 'naive'])('bceWithLogits of infinite logits, kernel %s', (variant) => {
  const INF = Number.POSITIVE_INFINITY;
  let own: Device;
  beforeAll(async () => {
    own = await openPoisoned();
    forceVariants(own, [`reduce=${variant}`]);
  });
  afterAll(() => own.close());

  /** The limits of −t log σ(x) − (1 − t) log(1 − σ(x)). PyTorch has the same wherever it has a number. */
  test.each([
    [INF, 0, INF],
    [INF, 1, 0],
    [INF, 0.3, INF],
    [-INF, 0, 0],
    [-INF, 1, INF],
    [-INF, 0.3, INF],
    [3e38, 1, 0],
    [-3e38, 0, 0],
  ])('%d against %d is %d', async (logit, target, loss) => {
    const x = Tensor.from(own, [logit], [1]);
    expect(await bceWithLogits(x, target).item()).toBe(loss);
    expect(await bceWithLogits(x, Tensor.from(own, [target], [1])).item()).toBe(loss);
  });

  test('one among others, NaN stays NaN, and gradients are finite', async () => {
    const others = random(6);
    const x = leaf(own, [...others, INF, -INF], [8]);
    const targets = [...random(6), 1, 0];
    const loss = bceWithLogits(x, Tensor.from(own, targets, [8]));
    backward(loss);
    expect(await loss.item()).toBeCloseTo((6 / 8) * meanLoss(bce, others, targets.slice(0, 6)), 5);
    const expected = meanLossGradients(bce, [...others, INF, -INF], targets, 1).a;
    expectClose(await gradOf(x), expected);
    expect(await bceWithLogits(Tensor.from(own, [Number.NaN, 1], [2]), 0).item()).toBeNaN();
  });

  test('of f16 too', async () => {
    const x = cast(Tensor.from(own, [1e6, -1e6], [2]), 'f16');
    expect(await bceWithLogits(x, [1, 0]).item()).toBe(0);
    expect(await bceWithLogits(x, 0).item()).toBe(INF);
  });
});
