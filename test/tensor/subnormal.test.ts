import { afterAll, beforeAll, expect, test } from 'vitest';
import { add } from '../../src/autograd/add.ts';
import { conv2d } from '../../src/autograd/conv2d.ts';
import { div } from '../../src/autograd/div.ts';
import { max } from '../../src/autograd/max.ts';
import { mul } from '../../src/autograd/mul.ts';
import { scale } from '../../src/autograd/scale.ts';
import { Device } from '../../src/gpu/device.ts';
import { Tensor } from '../../src/tensor/tensor.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ checked: true });
});
afterAll(() => device.close());

/** Anywhere between the smallest subnormal number of f32 and the largest, or its negative. */
function subnormals(count: number): Float32Array<ArrayBuffer> {
  const bits = Uint32Array.from({ length: count }, () => 1 + Math.floor(Math.random() * (2 ** 23 - 1)));
  return new Float32Array(bits.map((word, i) => (i % 2 === 0 ? word : word + 2 ** 31)).buffer);
}

const of = (values: ArrayLike<number>, shape: readonly number[] = [values.length]) =>
  Tensor.from(device, values, shape);

test('subnormal numbers are uploaded, stored and read back as they are', async () => {
  const values = subnormals(37);
  const x = of(values);
  expect(await x.data()).toEqual(values);
  expect(await x.reshape([37, 1]).data()).toEqual(values);
});

test('what computes with them gives the right number, or 0 where the device flushes', async () => {
  const values = subnormals(8);
  const [x, ones] = [of(values), of(new Float32Array(8).fill(1))];
  const tiny = of(new Float32Array(8).fill(2 ** -70));
  const unit = of([1], [1, 1, 1, 1]);
  const cases: [string, Tensor, (v: number) => number][] = [
    ['add', add(x, x), (v) => 2 * v],
    ['mul', mul(x, ones), (v) => v],
    ['div', div(x, ones), (v) => v],
    ['scale', scale(x, -1), (v) => -v],
    ['a product that is subnormal', mul(tiny, tiny), () => 2 ** -140],
    ['conv2d', conv2d(of(values, [1, 8, 1, 1]), unit, null), (v) => v],
    ['max', max(of(values, [8, 1]), { axes: 1 }), (v) => v],
  ];
  for (const [name, result, right] of cases) {
    const found = await result.data();
    found.forEach((value, i) => {
      const expected = right(values[i] ?? Number.NaN);
      // Either sign of 0 will do.
      expect(value === 0 ? 0 : value, `${name} of ${values[i]}`).toBe(value === 0 ? 0 : expected);
    });
  }
});
