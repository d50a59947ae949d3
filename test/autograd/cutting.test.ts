/** What cuts, joins and widens tensors along any axis. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { concat } from '../../src/autograd/concat.ts';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { type PadMode, pad } from '../../src/autograd/pad.ts';
import { slice } from '../../src/autograd/slice.ts';
import { split } from '../../src/autograd/split.ts';
import { backward } from '../../src/autograd/tape.ts';
import type { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { indicesOf, placeIn, sizeOf } from '../oracles/axes.ts';
import { random, randomAs } from '../oracles/compare.ts';
import { gradOf, leaf, openPoisoned } from './support.ts';

let device: Device;
beforeAll(async () => {
  device = await openPoisoned();
});
afterAll(() => device.close());

/** What stands at each index of a shape, by a function of the index. */
function at(shape: readonly number[], valueAt: (index: number[]) => number): number[] {
  return indicesOf(shape).map(valueAt);
}

const moved = (index: number[], axis: number, by: number) => index.with(axis, index[axis]! + by);

const cuts: [shape: number[], axis: number, start: number, end: number][] = [
  [[7], 0, 2, 5],
  [[5, 3], 1, 1, 2],
  [[2, 7, 5, 3], 2, 0, 4],
  [[2, 7, 5, 3], 0, 1, 2],
  [[2, 3, 2, 3, 2, 5], 5, 3, 5],
  [[2, 65, 3], 1, 1, 65],
];

describe.each(['f32', 'f16'] as const)('of %s', (dtype) => {
  const tensorOf = (values: Float32Array, shape: readonly number[]) => {
    const tensor = Tensor.from(device, values, shape, dtype);
    tensor.requiresGrad = true;
    return tensor;
  };

  test.each(cuts)('slice takes of %j along axis %d what is from %d to %d', async (shape, axis, start, end) => {
    const values = randomAs(dtype, sizeOf(shape));
    const x = tensorOf(values, shape);
    const out = slice(x, axis, start, end);
    const cut = shape.with(axis, end - start);
    expect([out.shape, out.dtype]).toEqual([cut, dtype]);
    expect([...(await out.data())]).toEqual(at(cut, (i) => values[placeIn(shape, moved(i, axis, start))]!));
    const gradOutput = randomAs(dtype, out.size);
    backward(out, Tensor.from(device, gradOutput, cut, dtype));
    const inside = (i: number[]) => i[axis]! >= start && i[axis]! < end;
    expect([...(await gradOf(x))]).toEqual(
      at(shape, (i) => (inside(i) ? gradOutput[placeIn(cut, moved(i, axis, -start))]! : 0)),
    );
  });

  test.each(cuts)('split and concat of %j along axis %d are each other undone', async (shape, axis, start, end) => {
    const values = randomAs(dtype, sizeOf(shape));
    const x = tensorOf(values, shape);
    const sizes = [start, end - start, shape[axis]! - end].filter((size) => size > 0);
    const parts = split(x, sizes, axis);
    expect(parts.map((part) => part.shape[axis])).toEqual(sizes);
    let from = 0;
    for (const part of parts) {
      expect([...(await part.data())]).toEqual(at(part.shape, (i) => values[placeIn(shape, moved(i, axis, from))]!));
      from += part.shape[axis]!;
    }
    const whole = concat(parts, axis - shape.length);
    expect([...(await whole.data())]).toEqual([...values]);
    const gradOutput = randomAs(dtype, whole.size);
    backward(whole, Tensor.from(device, gradOutput, shape, dtype));
    expect([...(await gradOf(x))]).toEqual([...gradOutput]);
  });

  /** Where position i of a padded axis reads; −1 for a zero. */
  const sources: Record<PadMode, (i: number, extent: number) => number> = {
    zero: (i, extent) => (i >= 0 && i < extent ? i : -1),
    edge: (i, extent) => Math.min(Math.max(i, 0), extent - 1),
    reflect: (i, extent) => (i < 0 ? -i : i < extent ? i : 2 * (extent - 1) - i),
  };

  const pads: [mode: PadMode, shape: number[], amounts: [number, number][]][] = [
    ['zero', [3], [[2, 1]]],
    [
      'zero',
      [2, 5, 7, 3],
      [
        [0, 0],
        [1, 2],
        [3, 0],
        [0, 1],
      ],
    ],
    ['edge', [1], [[3, 4]]],
    [
      'edge',
      [2, 5, 7, 3],
      [
        [0, 0],
        [5, 2],
        [1, 9],
        [0, 0],
      ],
    ],
    [
      'edge',
      [2, 3, 2, 3, 2, 2],
      [
        [0, 0],
        [1, 0],
        [0, 1],
        [0, 0],
        [2, 2],
        [1, 1],
      ],
    ],
    ['reflect', [2], [[1, 1]]],
    [
      'reflect',
      [2, 5, 7, 3],
      [
        [1, 0],
        [4, 2],
        [1, 6],
        [0, 2],
      ],
    ],
  ];

  test.each(pads)('pad by %s of %j by %j', async (mode, shape, amounts) => {
    const values = randomAs(dtype, sizeOf(shape));
    const x = tensorOf(values, shape);
    const out = pad(x, amounts, mode);
    const padded = shape.map((extent, axis) => extent + amounts[axis]![0] + amounts[axis]![1]);
    expect([out.shape, out.dtype]).toEqual([padded, dtype]);
    const read = (index: number[]) => {
      const source = index.map((i, axis) => sources[mode](i - amounts[axis]![0], shape[axis]!));
      return source.includes(-1) ? -1 : source.reduce((place, i, axis) => place * shape[axis]! + i, 0);
    };
    const places = indicesOf(padded).map(read);
    expect([...(await out.data())]).toEqual(places.map((place) => (place < 0 ? 0 : values[place])));
    const gradOutput = randomAs(dtype, out.size);
    backward(out, Tensor.from(device, gradOutput, padded, dtype));
    const expected = new Array<number>(values.length).fill(0);
    const sizes = new Array<number>(values.length).fill(0);
    places.forEach((place, i) => {
      if (place < 0) return;
      expected[place]! += gradOutput[i]!;
      sizes[place]! += Math.abs(gradOutput[i]!);
    });
    // Each axis rounds its sums.
    const rounding = (dtype === 'f32' ? 1e-6 : 2 ** -11) * shape.length;
    (await gradOf(x)).forEach((value, i) => {
      expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(rounding * sizes[i]! + 2 ** -24);
    });
  });
});

test('agree with central differences', async () => {
  await gradcheck((x) => slice(x, -1, 1), [leaf(device, random(12), [4, 3])]);
  await gradcheck((...parts) => concat(parts, 1), [leaf(device, random(6), [2, 3]), leaf(device, random(4), [2, 2])]);
  await gradcheck((x) => split(x, 2, 1)[0]!, [leaf(device, random(15), [3, 5])]);
  for (const mode of ['zero', 'edge', 'reflect'] as const) {
    await gradcheck(
      (x) =>
        pad(
          x,
          [
            [0, 1],
            [2, 1],
          ],
          mode,
        ),
      [leaf(device, random(12), [4, 3])],
    );
  }
});

test('split into equal parts leaves what is left for the last', () => {
  expect(split(Tensor.empty(device, [2, 7]), 3, 1).map(({ shape }) => shape)).toEqual([
    [2, 3],
    [2, 3],
    [2, 1],
  ]);
});

describe('refuse', () => {
  const x = () => Tensor.empty(device, [2, 3]);
  test.each<[string, () => unknown, RegExp]>([
    [
      'a slice of nothing',
      () => slice(x(), 1, 2, 2),
      /slice of axis 1 of \[2, 3\] takes a start from 0 and an end up to 3/,
    ],
    ['a slice past the end', () => slice(x(), 0, 1, 3), /got 1 to 3/],
    ['a slice of no axis', () => slice(x(), 2, 0, 1), /takes an axis from 0 to 1/],
    ['no tensors', () => concat([]), /concat joins at least one tensor/],
    ['tensors that differ elsewhere', () => concat([x(), Tensor.empty(device, [2, 4])]), /differ in that axis alone/],
    ['parts that are too many', () => split(x(), [1, 1, 2], 1), /some that add up to 3; got \[1, 1, 2\]/],
    ['parts of nothing', () => split(x(), 0, 1), /takes a positive integer/],
    ['a padding of some axes', () => pad(x(), [[1, 1]]), /two numbers for each of its 2 axes; got \[\[1, 1\]\]/],
    [
      'a negative padding',
      () =>
        pad(x(), [
          [0, 0],
          [0, -1],
        ]),
      /two integers from 0 on, for axis 1; got \[0, -1\]/,
    ],
    [
      'a mirror as wide as the axis',
      () =>
        pad(
          x(),
          [
            [2, 0],
            [0, 0],
          ],
          'reflect',
        ),
      /from 0 to 1, since it is mirrored/,
    ],
    [
      'another mode',
      () =>
        pad(
          x(),
          [
            [0, 0],
            [0, 0],
          ],
          // @ts-expect-error
          'wrap',
        ),
      /must be one of zero, edge, reflect; got 'wrap'/,
    ],
  ])('%s', (_, run, message) => {
    expect(run).toThrow(CyclopsError);
    expect(run).toThrow(message);
  });
});
