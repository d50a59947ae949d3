/** Kernels that come in one form, on f16 tensors; those with variants are tested by their suites. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Device } from '../../src/gpu/device.ts';
import type { BufferSlice } from '../../src/gpu/launch.ts';
import { type ActivationKind, activation, activationBackward } from '../../src/kernels/activation.ts';
import { arithmetic } from '../../src/kernels/arithmetic.ts';
import { narrow } from '../../src/kernels/cast.ts';
import { channelSum } from '../../src/kernels/channel-sum.ts';
import { accumulate, copy, fill, scale } from '../../src/kernels/elementwise.ts';
import { exchange, NOWHERE } from '../../src/kernels/exchange.ts';
import { views, viewWords } from '../../src/kernels/images/image.ts';
import { reflectionPad, reflectionPadBackward } from '../../src/kernels/images/reflection-pad.ts';
import { reduceBackward } from '../../src/kernels/reduce.ts';
import { scope } from '../../src/tensor/scope.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { activations } from '../oracles/activation.ts';
import { poison, randomAs, worst } from '../oracles/compare.ts';
import { bce, l1, mse } from '../oracles/losses.ts';
import { reflectionSources } from '../oracles/reflection-pad2d.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ checked: true });
});
afterAll(() => device.close());

/** Half a unit in the last place of the largest value, and what f32 may have done before. */
const ROUNDING = 1.001 * 2 ** -11;

const upload = (values: ArrayLike<number>) => Tensor.from(device, values, [values.length], 'f16');

/** What `launch` leaves in an f16 output that held `before`. */
async function outputOf(before: ArrayLike<number>, launch: (out: BufferSlice) => void): Promise<Float32Array> {
  const out = scope(() => {
    const out = upload(before);
    launch(out.slice);
    return out;
  });
  const values = await out.data();
  out.dispose();
  return values;
}

/** Of one vec4, of several workgroups, and with a part of a vec4 at the end. */
const counts = [1, 4, 1003];

describe.each(counts)('%i elements', (count) => {
  const a = randomAs('f16', count);
  const b = randomAs('f16', count);

  test('are added, accumulated, scaled and filled', async () => {
    const sums = Float64Array.from(a, (v, i) => v + b[i]!);
    const sum = await outputOf(poison(count), (out) =>
      arithmetic(device, { kind: 'add', a: upload(a).slice, b: upload(b).slice, out, count, dtype: 'f16' }),
    );
    expect(worst(sum, sums)).toBeLessThanOrEqual(ROUNDING);
    const accumulated = await outputOf(b, (out) =>
      accumulate(device, { x: upload(a).slice, target: out, count, dtype: 'f16' }),
    );
    expect(worst(accumulated, sums)).toBeLessThanOrEqual(ROUNDING);
    const scaled = await outputOf(poison(count), (out) =>
      scale(device, { x: upload(a).slice, factor: -2.5, out, count, dtype: 'f16' }),
    );
    expect(
      worst(
        scaled,
        a.map((v) => -2.5 * v),
      ),
    ).toBeLessThanOrEqual(ROUNDING);
    const filled = await outputOf(poison(count), (out) => fill(device, { value: 0.75, out, count, dtype: 'f16' }));
    expect([...filled]).toEqual(new Array(count).fill(0.75));
  });

  test('are copied from and to places that are no multiple of a word', async () => {
    const start = count >> 1;
    const copied = await outputOf([...b, ...b, ...b], (out) =>
      copy(device, { x: upload(a).slice, out, count: count - start, start, outStart: count, dtype: 'f16' }),
    );
    expect([...copied]).toEqual([...b, ...a.slice(start), ...b.slice(count - start), ...b]);
  });

  test.each([
    ['relu', 'relu'],
    ['leaky_relu', 'leakyRelu'],
    ['tanh', 'tanh'],
    ['sigmoid', 'sigmoid'],
  ] as const)('%s, forward and backward', async (kind: ActivationKind, name) => {
    const { value, derivative } = activations[name];
    const slope = 0.3;
    const y = await outputOf(poison(count), (out) =>
      activation(device, { kind, slope, x: upload(a).slice, out, count, dtype: 'f16' }),
    );
    expect(
      worst(
        y,
        Float64Array.from(a, (v) => value(v, slope)),
      ),
    ).toBeLessThanOrEqual(ROUNDING);
    const dx = await outputOf(poison(count), (out) =>
      activationBackward(device, {
        ...{ kind, slope, output: upload(y).slice, gradOutput: upload(b).slice, gradX: out },
        ...{ count, dtype: 'f16' },
      }),
    );
    // The derivative is written in terms of y, which is rounded.
    expect(
      worst(
        dx,
        Float64Array.from(a, (v, i) => b[i]! * derivative(v, slope)),
      ),
    ).toBeLessThanOrEqual(4 * ROUNDING);
  });

  test.each([
    ['l1', l1],
    ['mse', mse],
    ['bce', bce],
  ] as const)('the gradient of %s, against a tensor and a constant', async (term, { byA }) => {
    const gradient = (against: BufferSlice | readonly [number, number]) =>
      outputOf(poison(count), (out) => {
        const scale = Tensor.from(device, [512], [1]).slice;
        reduceBackward(device, {
          ...{ term, factor: 1 / count, a: upload(a).slice, b: against, gradOutput: scale, gradient: out },
          ...{ count, dtype: 'f16' },
        });
      });
    // Relative to the halves and more that meet in a difference: a single one may be near 0, where f32 has rounded before.
    const error = (found: Float32Array, against: (i: number) => number) =>
      worst(
        found,
        Float64Array.from(a, (v, i) => (512 / count) * byA(v, against(i))),
        (512 / count) * 0.5,
      );
    expect(error(await gradient(upload(b).slice), (i) => b[i]!)).toBeLessThanOrEqual(ROUNDING);
    expect(error(await gradient([0.5, 0.5]), () => 0.5)).toBeLessThanOrEqual(ROUNDING);
  });
});

test.each([
  [100, 3],
  [9000, 5],
])('the f32 channel sums of %i rows of %i channels', async (rows, channels) => {
  const x = randomAs('f16', rows * channels).map((v) => Math.abs(v));
  const sums = new Float64Array(channels).fill(1);
  x.forEach((v, i) => {
    sums[i % channels]! += v;
  });
  const out = Tensor.from(device, new Float32Array(channels).fill(1), [channels]);
  scope(() =>
    channelSum(device, { x: upload(x).slice, out: out.slice, rows, channels, accumulate: true, dtype: 'f16' }),
  );
  expect(worst(await out.data(), sums)).toBeLessThan(1e-6);
  out.dispose();
});

test('images change places with a pool', async () => {
  const length = 37;
  const [images, places] = [randomAs('f16', 2 * length), randomAs('f16', 3 * length)];
  const choices = device.variables.reserve(4);
  // The first image passes and goes to place 2, the second is swapped for what lies there then.
  choices.set([NOWHERE, 2, 2, 0]);
  const kept = upload(places);
  const out = await outputOf(poison(2 * length), (out) =>
    exchange(device, {
      ...{ choices, images: upload(images).slice, places: kept.slice, out },
      ...{ batch: 2, length, dtype: 'f16' },
    }),
  );
  const [first, second] = [images.slice(0, length), images.slice(length)];
  expect([...out]).toEqual([...first, ...first]);
  expect([...(await kept.data())]).toEqual([...second, ...places.slice(length, 2 * length), ...first]);
  kept.dispose();
  choices.release();
});

test('views of byte images', async () => {
  const [width, height] = [5, 4];
  const bytes = Uint8Array.from({ length: 3 * width * height }, () => Math.floor(256 * Math.random()));
  const chunk = Tensor.from(device, new Uint32Array(bytes.buffer), [bytes.length / 4], 'u32');
  const variable = device.variables.reserve(5);
  const view = { x: 1, y: 0, width: 3, height: 2, flip: true, turns: 0 } as const;
  variable.set(viewWords({ chunk: 7, start: 0, width }, view));
  const batch = { images: 1, width: 3, height: 2, channels: 3 };
  const out = await outputOf(poison(18), (out) =>
    views(device, batch, { variable, chunk: { number: 7, levels: chunk.slice, type: 'u8' }, out, dtype: 'f16' }),
  );
  const expected = Float64Array.from({ length: 18 }, (_, i) => {
    const [row, column, channel] = [Math.floor(i / 9), Math.floor(i / 3) % 3, i % 3];
    return (2 * bytes[3 * (row * width + 3 - column) + channel]! - 255) / 255;
  });
  expect(worst(out, expected)).toBeLessThanOrEqual(ROUNDING);
  chunk.dispose();
  variable.release();
});

test('reflection padding and its gradient', async () => {
  const [n, h, w, c] = [2, 4, 5, 3] as const;
  const pad = [3, 2, 1, 3] as [number, number, number, number];
  const sources = reflectionSources([n, h, w, c], pad);
  const [x, dy] = [randomAs('f16', n * h * w * c), randomAs('f16', sources.length)];
  const problem = { n, h, w, c, pad, dtype: 'f16' } as const;
  const y = await outputOf(poison(dy.length), (out) => reflectionPad(device, problem, { x: upload(x).slice, out }));
  expect([...y]).toEqual(sources.map((source) => x[source]));
  const expected = new Float64Array(x.length);
  sources.forEach((source, i) => {
    expected[source]! += dy[i]!;
  });
  const dx = await outputOf(poison(x.length), (out) =>
    reflectionPadBackward(device, problem, { gradOutput: upload(dy).slice, gradX: out, bias: null, addend: null }),
  );
  expect(worst(dx, expected)).toBeLessThanOrEqual(ROUNDING);
  const addend = upload(x).slice;
  const sum = await outputOf(poison(x.length), (out) =>
    reflectionPadBackward(device, problem, { gradOutput: upload(dy).slice, gradX: out, bias: null, addend }),
  );
  const both = expected.map((value, i) => value + (x[i] ?? Number.NaN));
  expect(worst(sum, both)).toBeLessThanOrEqual(ROUNDING);
});

/** Half a unit above the largest f16, and what lies just below it. */
test('what f16 cannot hold becomes infinite, so that an overflow stays visible', async () => {
  const values = [65519, 65520, -65520, 1e6, -1e38, Number.POSITIVE_INFINITY, Number.NaN];
  const out = await outputOf(poison(values.length), (out) => {
    narrow(device, { x: Tensor.from(device, values, [values.length]).slice, out, count: values.length });
  });
  const infinity = Number.POSITIVE_INFINITY;
  expect([...out]).toEqual([65504, infinity, -infinity, infinity, -infinity, infinity, Number.NaN]);
  const doubled = await outputOf(poison(2), (out) =>
    scale(device, { x: upload([40000, -40000]).slice, factor: 2, out, count: 2, dtype: 'f16' }),
  );
  expect([...doubled]).toEqual([infinity, -infinity]);
});
