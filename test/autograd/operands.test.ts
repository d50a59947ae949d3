import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gelu } from '../../src/autograd/activations/gelu.ts';
import { leakyRelu } from '../../src/autograd/activations/leaky-relu.ts';
import { relu } from '../../src/autograd/activations/relu.ts';
import { sigmoid } from '../../src/autograd/activations/sigmoid.ts';
import { silu } from '../../src/autograd/activations/silu.ts';
import { tanh } from '../../src/autograd/activations/tanh.ts';
import { adaptiveAvgPool2d } from '../../src/autograd/adaptive-avg-pool2d.ts';
import { add } from '../../src/autograd/add.ts';
import { avgPool2d } from '../../src/autograd/avg-pool2d.ts';
import { batchNorm } from '../../src/autograd/batch-norm.ts';
import { concat } from '../../src/autograd/concat.ts';
import { concatBatch } from '../../src/autograd/concat-batch.ts';
import { convTranspose2d } from '../../src/autograd/conv-transpose2d.ts';
import { conv2d } from '../../src/autograd/conv2d.ts';
import { div } from '../../src/autograd/div.ts';
import { hottestMean } from '../../src/autograd/hottest-mean.ts';
import { instanceNorm } from '../../src/autograd/instance-norm.ts';
import { linear } from '../../src/autograd/linear.ts';
import { bceWithLogits } from '../../src/autograd/losses/bce-with-logits.ts';
import { l1Loss } from '../../src/autograd/losses/l1-loss.ts';
import { mseLoss } from '../../src/autograd/losses/mse-loss.ts';
import { matmul } from '../../src/autograd/matmul.ts';
import { max } from '../../src/autograd/max.ts';
import { maxPool2d } from '../../src/autograd/max-pool2d.ts';
import { mean } from '../../src/autograd/mean.ts';
import { mul } from '../../src/autograd/mul.ts';
import { pad } from '../../src/autograd/pad.ts';
import { reflectionPad2d } from '../../src/autograd/reflection-pad2d.ts';
import { scale } from '../../src/autograd/scale.ts';
import { slice } from '../../src/autograd/slice.ts';
import { softmax } from '../../src/autograd/softmax.ts';
import { split } from '../../src/autograd/split.ts';
import { splitBatch } from '../../src/autograd/split-batch.ts';
import { ssim } from '../../src/autograd/ssim.ts';
import { sub } from '../../src/autograd/sub.ts';
import { sum } from '../../src/autograd/sum.ts';
import { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import { cast } from '../../src/tensor/cast.ts';
import { sliceBatch } from '../../src/tensor/slice.ts';
import { type DType, Tensor } from '../../src/tensor/tensor.ts';

let device: Device;
let other: Device;
let closed: Device;
beforeAll(async () => {
  [device, other, closed] = [await open(), await open(), await open()];
});
afterAll(() => {
  device.close();
  other.close();
});
const open = () => Device.open({ checked: true });

const IMAGES = [2, 12, 12, 4];
const VECTOR = [4];
const WEIGHT = [1, 1, 4, 4];
const SQUARE = [4, 4];
const VECTORS = [3, 4];
const BATCHES = [2, 4, 5];

/** For each operation the shapes of what it takes. */
const operations: [name: string, shapes: number[][], run: (...operands: Tensor[]) => unknown][] = [
  ['relu', [IMAGES], (x) => relu(x!)],
  ['leakyRelu', [IMAGES], (x) => leakyRelu(x!, 0.1)],
  ['tanh', [IMAGES], (x) => tanh(x!)],
  ['sigmoid', [IMAGES], (x) => sigmoid(x!)],
  ['gelu', [IMAGES], (x) => gelu(x!)],
  ['silu', [IMAGES], (x) => silu(x!)],
  ['softmax', [IMAGES], (x) => softmax(x!)],
  ['scale', [IMAGES], (x) => scale(x!, 2)],
  ['sum', [IMAGES], (x) => sum(x!)],
  ['mean', [IMAGES], (x) => mean(x!)],
  ['sum over axes', [IMAGES], (x) => sum(x!, { axes: 1 })],
  ['max', [IMAGES], (x) => max(x!, { axes: [1, 2] })],
  ['hottestMean', [IMAGES], (x) => hottestMean(x!, 0.1)],
  ['cast', [IMAGES], (x) => cast(x!, 'f16')],
  ['sliceBatch', [IMAGES], (x) => sliceBatch(x!, 0, 1)],
  ['splitBatch', [IMAGES], (x) => splitBatch(x!, 1)],
  ['reflectionPad2d', [IMAGES], (x) => reflectionPad2d(x!, [1, 1, 1, 1])],
  ['add', [IMAGES, IMAGES], (a, b) => add(a!, b!)],
  ['sub', [IMAGES, VECTOR], (a, b) => sub(a!, b!)],
  ['mul', [VECTOR, IMAGES], (a, b) => mul(a!, b!)],
  ['div', [IMAGES, VECTOR], (a, b) => div(a!, b!)],
  ['matmul', [VECTORS, SQUARE], (a, b) => matmul(a!, b!)],
  ['matmul of batches', [VECTORS, BATCHES], (a, b) => matmul(a!, b!)],
  ['linear', [IMAGES, SQUARE, VECTOR], (x, w, b) => linear(x!, w!, b!)],
  ['slice', [IMAGES], (x) => slice(x!, 1, 0, 2)],
  ['split', [IMAGES], (x) => split(x!, 2, 3)],
  ['pad', [VECTOR], (x) => pad(x!, [[1, 1]])],
  ['concat', [IMAGES, IMAGES], (a, b) => concat([a!, b!], 2)],
  ['maxPool2d', [IMAGES], (x) => maxPool2d(x!, 2)],
  ['avgPool2d', [IMAGES], (x) => avgPool2d(x!, 2)],
  ['adaptiveAvgPool2d', [IMAGES], (x) => adaptiveAvgPool2d(x!, 2)],
  ['concatBatch', [IMAGES, IMAGES], (a, b) => concatBatch(a!, b!)],
  ['l1Loss', [IMAGES, IMAGES], (a, b) => l1Loss(a!, b!)],
  ['mseLoss', [IMAGES, IMAGES], (a, b) => mseLoss(a!, b!)],
  ['bceWithLogits', [IMAGES, IMAGES], (a, b) => bceWithLogits(a!, b!)],
  ['ssim', [IMAGES, IMAGES], (a, b) => ssim(a!, b!)],
  ['conv2d', [IMAGES, WEIGHT, VECTOR], (x, w, b) => conv2d(x!, w!, b!)],
  ['convTranspose2d', [IMAGES, WEIGHT, VECTOR], (x, w, b) => convTranspose2d(x!, w!, b!)],
  ['instanceNorm', [IMAGES, VECTOR, VECTOR], (x, weight, bias) => instanceNorm(x!, { weight: weight!, bias: bias! })],
  [
    'batchNorm in training',
    [IMAGES, VECTOR, VECTOR],
    (x, weight, bias) => batchNorm(x!, { weight: weight!, bias: bias!, training: true }),
  ],
  [
    'batchNorm',
    [IMAGES, VECTOR, VECTOR],
    (x, runningMean, runningVar) => batchNorm(x!, { runningMean: runningMean!, runningVar: runningVar! }),
  ],
  ['instanceNorm with a residual', [IMAGES, IMAGES], (x, residual) => instanceNorm(x!, { residual: residual! })],
];

const places = operations.flatMap(([name, shapes, run]) =>
  shapes.map((_, place) => ({ name: `${name}, operand ${place + 1} of ${shapes.length}`, shapes, run, place })),
);

describe.each(places)('$name', ({ shapes, run, place }) => {
  /** Runs with `wrong` in its place; the other operands are as they should be. */
  function refuses(wrong: Tensor, message: RegExp): void {
    const operands = shapes.map((shape, i) => (i === place ? wrong : Tensor.empty(device, shape)));
    const before = device.pool.use.liveBytes;
    expect(() => run(...operands)).toThrow(CyclopsError);
    expect(() => run(...operands)).toThrow(message);
    expect(device.pool.use.liveBytes, 'memory that a refusal leaves taken').toBe(before);
    for (const operand of operands) if (operand instanceof Tensor) operand.dispose();
  }

  const shape = shapes[place]!;

  test('on another device', async () => {
    if (shapes.length > 1) refuses(Tensor.empty(other, shape), /needs two tensors on one device/);
    await device.fence();
  });

  test('disposed of', () => {
    const disposed = Tensor.empty(device, shape);
    disposed.dispose();
    refuses(disposed, /A disposed tensor/);
  });

  test('of integers', () => {
    const integers: Tensor<DType> = Tensor.empty(device, shape, 'u32');
    refuses(integers as Tensor, /f32 or f16; got Tensor u32/);
  });

  test('no tensor', () => {
    // @ts-expect-error
    const array: Tensor = [1, 2, 3, 4];
    // A loss takes other targets than tensors.
    refuses(array, /takes tensors; got \[1, 2, 3, 4\]|compares with a tensor, a number or a pair/);
  });
});

test('a tensor of a closed device', () => {
  const x = Tensor.from(closed, new Float32Array(8), [1, 2, 1, 4]);
  closed.close();
  for (const use of [() => relu(x), () => sum(x), () => instanceNorm(x)]) {
    expect(use).toThrow(CyclopsError);
    expect(use).toThrow(/is closed/);
  }
});
