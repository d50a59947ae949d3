import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { reflectionPad2d } from '../../src/autograd/reflection-pad2d.ts';
import { backward } from '../../src/autograd/tape.ts';
import type { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { random } from '../oracles/compare.ts';
import { type Pad, reflectionSources } from '../oracles/reflection-pad2d.ts';
import { expectClose, golden, gradOf, leaf, openPoisoned } from './support.ts';

let device: Device;
beforeAll(async () => {
  device = await openPoisoned();
});
afterAll(() => device.close());

const shapes: [shape: [number, number, number, number], pad: Pad][] = [
  [
    [2, 7, 5, 3],
    [3, 3, 3, 3],
  ],
  [
    [3, 2, 6, 5],
    [5, 0, 1, 1],
  ],
  [
    [1, 4, 4, 1],
    [3, 3, 3, 3],
  ],
  [
    [2, 1, 3, 2],
    [1, 2, 0, 0],
  ],
  [
    [1, 1, 1, 7],
    [0, 0, 0, 0],
  ],
  [
    [1, 33, 29, 3],
    [4, 1, 0, 28],
  ],
];

test.each(shapes)('copies and folds back x %j padded by %j', async (shape, pad) => {
  const sources = reflectionSources(shape, pad);
  const values = random(shape.reduce((product, extent) => product * extent, 1));
  const x = leaf(device, values, shape);
  const y = reflectionPad2d(x, pad);
  const gradOutput = random(sources.length);
  backward(y, Tensor.from(device, gradOutput, y.shape));
  expect(y.shape).toEqual([shape[0], shape[1] + pad[2] + pad[3], shape[2] + pad[0] + pad[1], shape[3]]);
  expect(Array.from(await y.data())).toEqual(sources.map((source) => values[source]));
  const gradX = new Array<number>(values.length).fill(0);
  sources.forEach((source, i) => {
    gradX[source]! += gradOutput[i]!;
  });
  expectClose(await gradOf(x), gradX, 1e-6);
});

test.each([
  ['reflection_pad2d_p1', [1, 1, 1, 1]],
  ['reflection_pad2d_p3', [3, 3, 3, 3]],
  ['reflection_pad2d_p3_min', [3, 3, 3, 3]],
  ['reflection_pad2d_asym', [1, 2, 3, 0]],
] as [string, Pad][])('agrees with the reference framework: %s', async (name, pad) => {
  const of = golden(name);
  const x = leaf(device, of('input').data, of('input').shape);
  const y = reflectionPad2d(x, pad);
  backward(y, Tensor.from(device, of('grad_output').data, of('grad_output').shape));
  expect(y.shape).toEqual(of('output').shape);
  expectClose(await y.data(), of('output').data, 0);
  expectClose(await gradOf(x), of('grad_input').data, 1e-6);
});

test('agrees with central differences', async () => {
  await gradcheck((x) => reflectionPad2d(x, [2, 1, 0, 2]), [leaf(device, random(36), [1, 3, 4, 3])]);
});

describe('refuses', () => {
  test.each([
    ['a pad as wide as the image', [4, 0, 0, 0]],
    ['a pad as high as the image', [0, 0, 0, 3]],
    ['a negative pad', [0, -1, 0, 0]],
    ['half a pixel', [0.5, 0, 0, 0]],
    ['not a number', [0, 0, Number.NaN, 0]],
  ] as [string, Pad][])('%s', (_, pad) => {
    expect(() => reflectionPad2d(Tensor.empty(device, [1, 3, 4, 1]), pad)).toThrow(CyclopsError);
  });

  test('anything but an image batch', () => {
    expect(() => reflectionPad2d(Tensor.empty(device, [3, 4]), [1, 1, 1, 1])).toThrow(CyclopsError);
  });
});
