import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { adaptiveAvgPool2d } from '../../src/autograd/adaptive-avg-pool2d.ts';
import { avgPool2d } from '../../src/autograd/avg-pool2d.ts';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { maxPool2d } from '../../src/autograd/max-pool2d.ts';
import { backward } from '../../src/autograd/tape.ts';
import type { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { sizeOf } from '../oracles/axes.ts';
import { randomAs } from '../oracles/compare.ts';
import { type Axis, adaptiveWindows, windowsOf } from '../oracles/pool.ts';
import { gradOf, leaf, openPoisoned } from './support.ts';

let device: Device;
beforeAll(async () => {
  device = await openPoisoned();
});
afterAll(() => device.close());

type Windows = ReturnType<typeof windowsOf>;

/** For each output element: the places of its window in x [n,h,w,c], and the pixels of the window in the padded image. */
function windows([n, h, w, c]: number[], rows: Windows, columns: Windows) {
  const out: { places: number[]; padded: number }[] = [];
  for (let image = 0; image < n!; image++)
    for (const row of rows)
      for (const column of columns)
        for (let channel = 0; channel < c!; channel++)
          out.push({
            places: row.inside.flatMap((y) => column.inside.map((x) => ((image * h! + y) * w! + x) * c! + channel)),
            padded: row.padded * column.padded,
          });
  return out;
}

interface Case {
  name: string;
  shape: number[];
  rows: Omit<Axis, 'extent'>;
  columns: Omit<Axis, 'extent'>;
}

const cases: Case[] = [
  { name: 'one pixel', shape: [1, 1, 1, 1], rows: { taps: 1, stride: 1 }, columns: { taps: 1, stride: 1 } },
  { name: 'whole windows', shape: [2, 6, 8, 3], rows: { taps: 2, stride: 2 }, columns: { taps: 2, stride: 2 } },
  {
    name: 'what is left over',
    shape: [2, 7, 9, 5],
    rows: { taps: 3, stride: 2, ceil: true },
    columns: { taps: 2, stride: 3, ceil: true },
  },
  {
    name: 'a padding of its own at each side',
    shape: [2, 5, 7, 3],
    rows: { taps: 3, stride: 1, before: 2, after: 1 },
    columns: { taps: 4, stride: 3, before: 0, after: 3 },
  },
  {
    name: 'ceil mode with padding',
    shape: [1, 6, 5, 2],
    rows: { taps: 3, stride: 4, before: 1, after: 1, ceil: true },
    columns: { taps: 2, stride: 2, before: 1, after: 1, ceil: true },
  },
  {
    name: 'windows that lie over each other',
    shape: [3, 9, 4, 1],
    rows: { taps: 5, stride: 1 },
    columns: { taps: 3, stride: 1 },
  },
];

const dilated: Case = {
  name: 'pixels apart',
  shape: [2, 11, 8, 3],
  rows: { taps: 3, stride: 2, dilation: 3, before: 1, after: 2 },
  columns: { taps: 2, stride: 1, dilation: 4 },
};

function optionsOf({ rows, columns }: Case) {
  return {
    kernelSize: [rows.taps, columns.taps] as const,
    stride: [rows.stride, columns.stride] as const,
    padding: [
      [rows.before ?? 0, rows.after ?? 0],
      [columns.before ?? 0, columns.after ?? 0],
    ] as const,
    ceilMode: rows.ceil ?? false,
  };
}

function windowsIn(one: Case) {
  const { shape, rows, columns } = one;
  const [along, across] = [windowsOf({ ...rows, extent: shape[1]! }), windowsOf({ ...columns, extent: shape[2]! })];
  return { out: [shape[0]!, along.length, across.length, shape[3]!], each: windows(shape, along, across) };
}

/** The means of windows: each place's share of the gradient is that of its window's divisor. */
async function expectMeans(x: Tensor, y: Tensor, each: { places: number[]; divisor: number }[]): Promise<void> {
  const values = await x.data();
  const gradOutput = randomAs(x.floatDType, y.size);
  backward(y, Tensor.from(device, gradOutput, y.shape, x.floatDType));
  const rounding = x.dtype === 'f32' ? 1e-6 : 2 ** -11;
  const found = await y.data();
  const gradient = new Float64Array(values.length);
  const sizes = new Float64Array(values.length);
  each.forEach(({ places, divisor }, i) => {
    const mean = (f: (v: number) => number) => places.reduce((sum, place) => sum + f(values[place]!), 0) / divisor;
    const allowed = rounding * Math.abs(mean((v) => v)) + 1e-6 * mean(Math.abs) + 2 ** -24;
    expect(Math.abs(found[i]! - mean((v) => v))).toBeLessThanOrEqual(allowed);
    for (const place of places) {
      gradient[place]! += gradOutput[i]! / divisor;
      sizes[place]! += Math.abs(gradOutput[i]!) / divisor;
    }
  });
  (await gradOf(x)).forEach((value, i) => {
    const allowed = rounding * Math.abs(gradient[i]!) + 1e-6 * sizes[i]! + 2 ** -24;
    expect(Math.abs(value - gradient[i]!)).toBeLessThanOrEqual(allowed);
  });
}

describe.each(['f32', 'f16'] as const)('of %s', (dtype) => {
  const imageOf = (shape: number[]) => {
    const x = Tensor.from(device, randomAs(dtype, sizeOf(shape)), shape, dtype);
    x.requiresGrad = true;
    return x;
  };

  test.each([...cases, dilated])('maxPool2d takes the largest: $name', async (one) => {
    const { kernelSize, ...options } = optionsOf(one);
    const { out, each } = windowsIn(one);
    const x = imageOf(one.shape);
    const dilation = [one.rows.dilation ?? 1, one.columns.dilation ?? 1] as const;
    const y = maxPool2d(x, kernelSize, { ...options, dilation });
    expect([y.shape, y.dtype]).toEqual([out, dtype]);
    const values = await x.data();
    const chosen = each.map(({ places }) => places.reduce((a, b) => (values[b]! > values[a]! ? b : a)));
    expect([...(await y.data())]).toEqual(chosen.map((place) => values[place]));
    const gradOutput = randomAs(dtype, y.size);
    backward(y, Tensor.from(device, gradOutput, y.shape, dtype));
    const gradient = new Float64Array(values.length);
    chosen.forEach((place, i) => {
      gradient[place]! += gradOutput[i]!;
    });
    (await gradOf(x)).forEach((value, i) => {
      expect(Math.abs(value - gradient[i]!)).toBeLessThanOrEqual(dtype === 'f32' ? 4e-6 : 1e-2);
    });
  });

  test.each(cases)('avgPool2d takes the mean: $name', async (one) => {
    const { kernelSize, ...options } = optionsOf(one);
    const { out, each } = windowsIn(one);
    for (const countIncludePad of [true, false]) {
      const x = imageOf(one.shape);
      const y = avgPool2d(x, kernelSize, { ...options, countIncludePad });
      expect([y.shape, y.dtype]).toEqual([out, dtype]);
      const means = each.map(({ places, padded }) => ({ places, divisor: countIncludePad ? padded : places.length }));
      await expectMeans(x, y, means);
    }
  });

  test.each([
    [
      [1, 1, 1, 1],
      [1, 1],
    ],
    [
      [2, 7, 5, 3],
      [1, 1],
    ],
    [
      [2, 7, 5, 3],
      [3, 4],
    ],
    [
      [1, 4, 6, 2],
      [2, 3],
    ],
    [
      [2, 3, 2, 5],
      [7, 5],
    ],
  ])('adaptiveAvgPool2d of %j to %j', async (shape, [p, q]) => {
    const x = imageOf(shape);
    const y = adaptiveAvgPool2d(x, [p!, q!]);
    expect([y.shape, y.dtype]).toEqual([[shape[0], p, q, shape[3]], dtype]);
    const each = windows(shape, adaptiveWindows(shape[1]!, p!), adaptiveWindows(shape[2]!, q!));
    await expectMeans(
      x,
      y,
      each.map(({ places }) => ({ places, divisor: places.length })),
    );
  });
});

test('agree with central differences', async () => {
  // Apart from each other by more than twice the step, so that the largest stays the largest.
  const apart = () =>
    leaf(
      device,
      Float32Array.from({ length: 30 }, (_, i) => ((i * 7) % 30) / 15 - 1),
      [1, 5, 3, 2],
    );
  await gradcheck((x) => maxPool2d(x, 2, { stride: 1, padding: 1 }), [apart()]);
  await gradcheck((x) => avgPool2d(x, 2, { stride: 1, padding: 1 }), [apart()]);
  await gradcheck((x) => adaptiveAvgPool2d(x, 2), [apart()]);
});

test('the first of equal ones gets the gradient, and NaN is seen', async () => {
  const x = leaf(device, [5, 5, 1, Number.NaN, 0, 2], [1, 1, 6, 1]);
  const y = maxPool2d(x, [1, 3]);
  expect([...(await y.data())]).toEqual([5, Number.NaN]);
  backward(y, Tensor.from(device, [1, 1], y.shape));
  expect([...(await gradOf(x))]).toEqual([1, 0, 0, 1, 0, 0]);
});

test.each<[string, () => unknown, RegExp]>([
  [
    'half a window',
    () => maxPool2d(image(), 1.5),
    /The kernelSize of maxPool2d must be an integer from 1 to 2\^24, or two/,
  ],
  ['no stride', () => avgPool2d(image(), 2, { stride: [1, 0] }), /The stride of avgPool2d .* got \[1, 0\]/],
  ['a negative padding', () => avgPool2d(image(), 2, { padding: [0, [0, -1]] }), /The padding .* got \[0, \[0, -1\]\]/],
  ['windows in the padding', () => maxPool2d(image(), 2, { padding: 2 }), /windows of 2 pixels in the padding alone/],
  [
    'windows that are too large',
    () => maxPool2d(image(), 5),
    /with 4 rows.* no window of 5 pixels.* smaller kernelSize/,
  ],
  // @ts-expect-error
  ['an unknown option', () => avgPool2d(image(), 2, { dilation: 2 }), /avgPool2d has no option dilation/],
  ['no windows', () => adaptiveAvgPool2d(image(), 0), /outputSize of adaptiveAvgPool2d/],
  ['no image', () => maxPool2d(Tensor.empty(device, [4, 4]), 2), /needs an image batch/],
])('%s is refused', (_, run, message) => {
  expect(run).toThrow(CyclopsError);
  expect(run).toThrow(message);
});

const image = () => Tensor.empty(device, [1, 4, 5, 1]);
