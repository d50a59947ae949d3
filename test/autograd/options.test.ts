import { afterAll, beforeAll, expect, test } from 'vitest';
import { convTranspose2d } from '../../src/autograd/conv-transpose2d.ts';
import { conv2d } from '../../src/autograd/conv2d.ts';
import { instanceNorm } from '../../src/autograd/instance-norm.ts';
import { bceWithLogits } from '../../src/autograd/losses/bce-with-logits.ts';
import { mseLoss } from '../../src/autograd/losses/mse-loss.ts';
import { reflectionPad2d } from '../../src/autograd/reflection-pad2d.ts';
import { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import type { Activation } from '../../src/kernels/activation.ts';
import type { ConvOptions } from '../../src/kernels/conv2d/problem.ts';
import { ConvTranspose2d } from '../../src/layers/conv-transpose2d.ts';
import { Conv2d } from '../../src/layers/conv2d.ts';
import { normalInitialiser } from '../../src/layers/init.ts';
import { InstanceNorm2d } from '../../src/layers/instance-norm2d.ts';
import { RandomStream, randomNormal, randomUniform } from '../../src/tensor/random.ts';
import { Tensor } from '../../src/tensor/tensor.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ backend: 'null' });
});
afterAll(() => device.close());

const empty = (...shape: number[]) => Tensor.empty(device, shape);
const layer = { inChannels: 4, outChannels: 8, kernelSize: 3 };
const init = () => normalInitialiser(device, { seed: 1, stream: 0 });

// Names that a caller without TypeScript may pass.
// @ts-expect-error
const circular: PaddingMode = 'circular';
// @ts-expect-error
const replicate: PaddingMode = 'replicate';
// @ts-expect-error
const sigmoid: Activation = 'sigmoid';
// @ts-expect-error
const gelu: Activation = 'gelu';

// @ts-expect-error
const triple: [number, number] = [1, 2, 3];
// @ts-expect-error
const single: [number, number] = [1];
// @ts-expect-error
const one: [number, number, number, number] = 1;

const reflecting = { padding: 1, paddingMode: 'reflect' };

type PaddingMode = ConvOptions['paddingMode'];

const NO_STRIDE = [1.5, 0, -1, Number.NaN, Number.POSITIVE_INFINITY];
const NO_PADDING = [0.5, -1, Number.NaN, Number.POSITIVE_INFINITY];

const cases: [string, () => unknown, RegExp][] = [
  ...NO_STRIDE.flatMap((stride): typeof cases => [
    [
      `conv2d of stride ${stride}`,
      () => conv2d(empty(1, 6, 6, 4), empty(1, 1, 4, 8), null, { stride }),
      /stride of conv2d/,
    ],
    [
      `convTranspose2d of stride ${stride}`,
      () => convTranspose2d(empty(1, 6, 6, 4), empty(3, 3, 8, 4), null, { stride }),
      /stride of convTranspose2d must be an integer from 1 to 2\^24, or two, of rows and of columns; got/,
    ],
    [`Conv2d of stride ${stride}`, () => new Conv2d({ ...layer, stride }, init()), /stride of Conv2d/],
    [`ConvTranspose2d of stride ${stride}`, () => new ConvTranspose2d({ ...layer, stride }, init()), /stride of Conv/],
  ]),
  ...NO_PADDING.flatMap((padding): typeof cases => [
    [
      `conv2d padded by ${padding}`,
      () => conv2d(empty(1, 6, 6, 4), empty(1, 1, 4, 8), null, { padding }),
      /padding of conv2d/,
    ],
    [
      `conv2d reflected by ${padding}`,
      () => conv2d(empty(1, 6, 6, 4), empty(1, 1, 4, 8), null, { padding, paddingMode: 'reflect' }),
      /padding of conv2d must be an integer from 0 to 2\^24; or two, .*; got/,
    ],
    [
      `convTranspose2d padded by ${padding}`,
      () => convTranspose2d(empty(1, 6, 6, 4), empty(3, 3, 8, 4), null, { padding }),
      /padding of convTranspose2d/,
    ],
    [
      `convTranspose2d with the output padding ${padding}`,
      () => convTranspose2d(empty(1, 6, 6, 4), empty(3, 3, 8, 4), null, { stride: 2, outputPadding: padding }),
      /outputPadding of convTranspose2d must be an integer from 0 on and less than the stride 2; got/,
    ],
    [`Conv2d padded by ${padding}`, () => new Conv2d({ ...layer, padding }, init()), /padding of Conv2d/],
    [
      `ConvTranspose2d with the output padding ${padding}`,
      () => new ConvTranspose2d({ ...layer, stride: 2, outputPadding: padding }, init()),
      /outputPadding of ConvTranspose2d/,
    ],
    [
      `reflectionPad2d by ${padding}`,
      () => reflectionPad2d(empty(1, 6, 6, 4), [padding, 0, 0, 0]),
      /mirrors at most size − 1 pixels/,
    ],
  ]),
  [
    'an output padding of the stride',
    () => convTranspose2d(empty(1, 6, 6, 4), empty(3, 3, 8, 4), null, { stride: 2, outputPadding: 2 }),
    /less than the stride 2; got 2/,
  ],
  [
    'a padding mode of PyTorch that is not here',
    () => conv2d(empty(1, 6, 6, 4), empty(1, 1, 4, 8), null, { padding: 1, paddingMode: circular }),
    /paddingMode of conv2d must be zeros or reflect; got 'circular'/,
  ],
  [
    'that mode in a layer',
    () => new Conv2d({ ...layer, paddingMode: replicate }, init()),
    /paddingMode of Conv2d must be zeros or reflect; got 'replicate'/,
  ],
  [
    'an activation that convolutions do not have',
    () => conv2d(empty(1, 6, 6, 4), empty(1, 1, 4, 8), null, { activation: sigmoid }),
    /activation of conv2d must be one of none, relu, leaky_relu, tanh; got 'sigmoid'/,
  ],
  [
    'one that norms do not have',
    () => instanceNorm(empty(1, 6, 6, 4), { activation: gelu }),
    /activation of instanceNorm must be one of .*; got 'gelu'/,
  ],
  ['a kernel larger than the image', () => conv2d(empty(1, 2, 2, 4), empty(3, 3, 4, 8), null), /has no output/],
  [
    'a transposed convolution that leaves nothing',
    () => convTranspose2d(empty(1, 1, 1, 4), empty(3, 3, 8, 4), null, { padding: 2 }),
    /has no output/,
  ],
  ...['biases', 'dilations'].flatMap((name): typeof cases => [
    [
      `conv2d with ${name}`,
      () => conv2d(empty(1, 6, 6, 4), empty(3, 3, 4, 8), null, { ...{ [name]: 2 } }),
      new RegExp(`conv2d has no option ${name}; it takes stride, padding, dilation, groups, paddingMode, activation`),
    ],
    [
      `ConvTranspose2d with ${name}`,
      () => new ConvTranspose2d({ ...layer, ...{ [name]: 2 } }, init()),
      new RegExp(`ConvTranspose2d has no option ${name}`),
    ],
  ]),
  [
    'a padding mode that transposed convolutions do not have',
    () => convTranspose2d(empty(1, 6, 6, 4), empty(3, 3, 8, 4), null, reflecting),
    /convTranspose2d has no option paddingMode; it takes stride, padding, dilation, groups, outputPadding/,
  ],
  [
    'a stride that 32 bits cannot count',
    () => conv2d(empty(1, 2, 2, 4), empty(1, 1, 4, 8), null, { stride: 2 ** 32 }),
    /stride of conv2d must be an integer from 1 to 2\^24/,
  ],
  [
    'a padding that 32 bits cannot count',
    () => conv2d(empty(1, 2, 2, 4), empty(1, 1, 4, 8), null, { stride: 2 ** 30, padding: 2 ** 30 }),
    /stride of conv2d must be an integer from 1 to 2\^24/,
  ],
  ...[-1, Number.NaN, Number.POSITIVE_INFINITY].map((eps): (typeof cases)[number] => [
    `a norm with an eps of ${eps}`,
    () => instanceNorm(empty(1, 2, 2, 4), { eps }),
    /eps of instanceNorm must be 0 or more and finite; got/,
  ]),
  [
    'a target of three numbers',
    () => mseLoss(empty(2, 3), triple),
    /a tensor, a number or a pair of numbers; got \[1, 2, 3\]/,
  ],
  [
    'one number in an array',
    () => bceWithLogits(empty(2, 3), single),
    /a tensor, a number or a pair of numbers; got \[1\]/,
  ],
  ['padding by one number', () => reflectionPad2d(empty(1, 6, 6, 4), one), /takes four numbers: .*; got 1/],
  [
    'a kernel of half pixels',
    () => new Conv2d({ ...layer, kernelSize: 2.5 }, init()),
    /kernelSize of Conv2d must be an integer/,
  ],
  [
    'no channels',
    () => new ConvTranspose2d({ ...layer, outChannels: 0 }, init()),
    /[cC]hannels of .* must be a positive integer/,
  ],
  ['a norm of one pixel', () => instanceNorm(empty(3, 1, 1, 4)), /more than one pixel/],
  [
    'a norm whose γ is no vector',
    () => instanceNorm(empty(1, 2, 2, 4), { weight: empty(2, 2), bias: empty(4) }),
    /needs both a weight \[4\]/,
  ],
  [
    'a norm of half channels',
    () => new InstanceNorm2d({ affine: { device, channels: 2.5 } }),
    /[cC]hannels of .* must be a positive integer/,
  ],
  [
    'a norm of −1 channels',
    () => new InstanceNorm2d({ affine: { device, channels: -1 } }),
    /[cC]hannels of .* must be a positive integer/,
  ],
  [
    'a std below 0',
    () => randomNormal(device, [3], { seed: 1, stream: 0, mean: 0, std: -1 }),
    /std of 0 or more; got -1/,
  ],
  [
    'bounds the wrong way round',
    () => randomUniform(device, [3], { seed: 1, stream: 0, low: 1, high: -1 }),
    /low ≤ high; got low 1 and high -1/,
  ],
  ...[Number.NaN, Infinity, 1e39].flatMap((value): typeof cases => [
    [
      `bounds up to ${value}`,
      () => randomUniform(device, [3], { seed: 1, stream: 0, low: 0, high: value }),
      /numbers that f32 can hold; got high/,
    ],
    [
      `a mean of ${value}`,
      () => randomNormal(device, [3], { seed: 1, stream: 0, mean: value, std: 1 }),
      /numbers that f32 can hold; got mean/,
    ],
    [
      `a std of ${value}`,
      () => randomNormal(device, [3], { seed: 1, stream: 0, mean: 0, std: value }),
      /numbers that f32 can hold; got std/,
    ],
  ]),
  [
    'bounds further apart than f32 reaches',
    () => randomUniform(device, [3], { seed: 1, stream: 0, low: -3e38, high: 3e38 }),
    /got high − low 6e/,
  ],
  ['a random number below 0', () => new RandomStream(1, 0).integer(0), /below a whole number from 1 to 2\^32; got 0/],
];

test.each(cases)('%s is refused, as PyTorch refuses it', (_, use, message) => {
  expect(use).toThrow(CyclopsError);
  expect(use).toThrow(message);
});

test('what fits is taken', () => {
  expect(conv2d(empty(1, 6, 5, 4), empty(3, 3, 4, 8), null, { stride: 2, padding: 1 }).shape).toEqual([1, 3, 3, 8]);
  const options = { stride: 3, padding: 1, outputPadding: 2 };
  expect(convTranspose2d(empty(1, 2, 3, 4), empty(3, 3, 8, 4), null, options).shape).toEqual([1, 6, 9, 8]);
});
