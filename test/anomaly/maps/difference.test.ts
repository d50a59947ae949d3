import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type Blur,
  BOX_5X5,
  differenceMap,
  excessMap,
  imageMeasurement,
} from '../../../src/anomaly/maps/difference.ts';
import type { Device } from '../../../src/gpu/device.ts';
import { CyclopsError } from '../../../src/gpu/errors.ts';
import { scope } from '../../../src/tensor/scope.ts';
import { Tensor } from '../../../src/tensor/tensor.ts';
import { expectClose, openPoisoned } from '../../autograd/support.ts';
import { random } from '../../oracles/compare.ts';
import * as oracle from '../../oracles/difference.ts';

type Shape = [number, number, number, number];

let device: Device;
beforeAll(async () => {
  device = await openPoisoned();
});
afterAll(() => device.close());

function pair(shape: Shape) {
  const count = shape.reduce((product, extent) => product * extent, 1);
  const [a, b] = [random(count), random(count)];
  return { a, b, x: Tensor.from(device, a, shape), y: Tensor.from(device, b, shape) };
}

test.each([
  ['a box', [2, 9, 7, 3], BOX_5X5],
  ['a box as large as the image allows', [1, 3, 4, 1], BOX_5X5],
  ['a Gaussian', [3, 8, 11, 2], { radius: 3, sigma: 1.2 }],
  ['no blur', [2, 3, 5, 5], { radius: 0, sigma: 1 }],
  ['no blur, of a single pixel', [1, 1, 1, 1], { radius: 0, sigma: 1 }],
] as [string, Shape, Blur][])('difference and excess maps with %s', async (_, shape, blur) => {
  const { a, b, x, y } = pair(shape);
  const map = differenceMap(x, y, blur);
  expect(map.shape).toEqual([shape[0], shape[1], shape[2], 1]);
  expectClose(await map.data(), oracle.differenceMap(a, b, shape, blur.radius, blur.sigma));
  expectClose(await excessMap(x, y, blur).data(), oracle.excessMap(a, b, shape, blur.radius, blur.sigma));
});

test('the measurements of each image are its own', async () => {
  const shape: Shape = [3, 13, 15, 3];
  const { a, b, x, y } = pair(shape);
  const differences = Array.from(a, (value, i) => value - b[i]!);
  const total = (values: number[]) => values.reduce((sum, value) => sum + value, 0);
  const map = oracle.differenceMap(a, b, shape, 2, Number.POSITIVE_INFINITY);
  expectClose(
    await imageMeasurement('sse', x, y).data(),
    oracle.eachImage(differences, 3, (image) => total(image.map((d) => d * d))),
  );
  expectClose(
    await imageMeasurement('l1', x, y).data(),
    oracle.eachImage(differences, 3, (image) => total(image.map(Math.abs)) / image.length),
  );
  expectClose(
    await imageMeasurement('eighth', x, y).data(),
    oracle.eachImage(differences, 3, (image) => total(image.map((d) => d ** 8)) / image.length),
  );
  for (const [kind, reduce] of [
    ['max', (image: number[]) => Math.max(...image)],
    ['min', (image: number[]) => Math.min(...image)],
    ['mean', (image: number[]) => total(image) / image.length],
  ] as const) {
    expectClose(await imageMeasurement(kind, differenceMap(x, y)).data(), oracle.eachImage(map, 3, reduce));
  }
});

test('only what is returned stays in memory', () => {
  const { x, y } = pair([2, 12, 12, 1]);
  const before = device.pool.use.liveBuffers;
  scope(() => {
    differenceMap(x, y);
    imageMeasurement('sse', x, y);
    expect(device.pool.use.liveBuffers - before).toBe(2);
  });
  expect(device.pool.use.liveBuffers).toBe(before);
});

test('measurements of images of different shapes are refused', () => {
  const { x } = pair([1, 2, 8, 1]);
  expect(() => imageMeasurement('sse', x, Tensor.empty(device, [1, 8, 2, 1]))).toThrow(CyclopsError);
});

test('images too small for the window are refused', () => {
  const { x, y } = pair([1, 2, 8, 1]);
  expect(() => differenceMap(x, y)).toThrow(CyclopsError);
  expect(() => differenceMap(x, Tensor.empty(device, [1, 8, 2, 1]))).toThrow(CyclopsError);
});
