import { afterAll, beforeAll, expect, test } from 'vitest';
import { combineMaps, differenceMap, imageMeasurement } from '../../../src/anomaly/maps/difference.ts';
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
  ['a box', [2, 9, 7, 3], 5],
  ['a box as large as the image allows', [1, 3, 4, 1], 5],
  ['a large box', [1, 19, 11, 2], 17],
  ['no blur', [2, 3, 5, 5], 1],
  ['no blur, of a single pixel', [1, 1, 1, 1], 1],
] as [string, Shape, number][])('differences of every kind with %s', async (_, shape, box) => {
  const { a, b, x, y } = pair(shape);
  for (const kind of ['absolute', 'signed', 'squareSum', 'square', 'eighth'] as const) {
    const map = differenceMap(kind, x, y, box);
    expect(map.shape).toEqual([shape[0], shape[1], shape[2], 1]);
    expectClose(await map.data(), oracle.differenceMap(kind, a, b, shape, box), 1e-5);
  }
});

test('maps are multiplied, divided, and their distance from a number taken', async () => {
  for (const shape of [
    [1, 1, 1, 1],
    [2, 9, 13, 3],
  ] as Shape[]) {
    const { a, b, x, y } = pair(shape);
    const map = (of: (a: number, b: number) => number) => Array.from(a, (value, i) => of(value, b[i]!));
    expectClose(
      await combineMaps('product', x, y).data(),
      map((v, w) => v * w),
    );
    expectClose(
      await combineMaps('quotient', x, y, 1.5).data(),
      map((v, w) => v / (w + 1.5)),
      1e-5,
    );
    const middle = Tensor.from(device, [0.25], [1]);
    expectClose(
      await combineMaps('departure', x, middle).data(),
      map((v) => Math.abs(v - 0.25)),
    );
  }
  const { x } = pair([1, 2, 8, 1]);
  expect(() => combineMaps('product', x, Tensor.empty(device, [1, 8, 2, 1]))).toThrow(CyclopsError);
});

test('the measurements of each image are its own', async () => {
  const shape: Shape = [3, 13, 15, 3];
  const { a, b, x, y } = pair(shape);
  const differences = Array.from(a, (value, i) => value - b[i]!);
  const total = (values: number[]) => values.reduce((sum, value) => sum + value, 0);
  expectClose(
    await imageMeasurement('l1', x, y).data(),
    oracle.eachImage(differences, 3, (image) => total(image.map(Math.abs)) / image.length),
  );
  const map = oracle.differenceMap('signed', a, b, shape, 5);
  for (const [kind, reduce] of [
    ['max', (image: number[]) => Math.max(...image)],
    ['sum', total],
    ['mean', (image: number[]) => total(image) / image.length],
    ['eighth', (image: number[]) => total(image.map((value) => value ** 8)) / image.length],
  ] as const) {
    const found = await imageMeasurement(kind, differenceMap('signed', x, y, 5)).data();
    expectClose(found, oracle.eachImage(map, 3, reduce), 1e-4);
  }
});

test('only what is returned stays in memory', () => {
  const { x, y } = pair([2, 12, 12, 1]);
  const before = device.pool.use.liveBuffers;
  scope(() => {
    differenceMap('absolute', x, y, 5);
    imageMeasurement('l1', x, y);
    expect(device.pool.use.liveBuffers - before).toBe(2);
  });
  expect(device.pool.use.liveBuffers).toBe(before);
});

test('measurements of images of different shapes are refused', () => {
  const { x } = pair([1, 2, 8, 1]);
  expect(() => imageMeasurement('l1', x, Tensor.empty(device, [1, 8, 2, 1]))).toThrow(CyclopsError);
});

test('images too small for the window are refused', () => {
  const { x, y } = pair([1, 2, 8, 1]);
  expect(() => differenceMap('absolute', x, y, 5)).toThrow(CyclopsError);
  expect(() => differenceMap('absolute', x, Tensor.empty(device, [1, 8, 2, 1]))).toThrow(CyclopsError);
});
