/** Weight gradients split the depth n·p·q: every pixel belongs to one share, however many pixels and shares there are. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { conv2d } from '../../../src/autograd/conv2d.ts';
import { backward } from '../../../src/autograd/tape.ts';
import { Device } from '../../../src/gpu/device.ts';
import { immediates } from '../../../src/gpu/launch.ts';
import { convSizes } from '../../../src/kernels/conv2d/problem.ts';
import { convWeightGrad } from '../../../src/kernels/conv2d/weight-grad.ts';
import { sourceText } from '../../../src/kernels/source.ts';
import { convProblem } from '../../../src/kernels/tuning/odd-problems.ts';
import { scope } from '../../../src/tensor/scope.ts';
import { Tensor } from '../../../src/tensor/tensor.ts';
import { poison, random, worst } from '../../oracles/compare.ts';
import * as oracle from '../../oracles/conv2d.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ checked: true });
});
afterAll(() => device.close());

test('a kernel for GPUs loses no pixel of 40 images of 256×256 in 2,048 shares', async () => {
  const k = convProblem([40, 256, 256, 1], 1, [1, 1, 0]);
  const variant = convWeightGrad.variants.find(({ name }) => name === 'tiled64x16');
  expect(variant?.supports(device, k)).toBe(true);
  const { x: pixels } = convSizes(k);
  // Of one sign, so that what is lost is not lost in the noise of the others.
  const [x, dy] = [random(pixels).map(Math.abs), random(pixels).map(Math.abs)];
  const out = scope(() => {
    const upload = (values: Float32Array) => Tensor.from(device, values, [values.length]);
    const dw = upload(poison(1));
    variant?.launch(device, k, { x: upload(x).slice, dy: upload(dy).slice, dw: dw.slice, accumulate: false });
    return dw;
  });
  expect(worst(await out.data(), oracle.weightGrad(k, x, dy))).toBeLessThan(1e-5);
  out.dispose();
});

test('half a million pixels of one channel add up without a drift, also where one invocation sums them all', async () => {
  const shape = [8, 256, 256, 1];
  const values = () => Float32Array.from({ length: 8 * 256 * 256 }, () => Math.random());
  const [x, dy] = [values(), values()];
  const image = Tensor.from(device, x, shape);
  const weight = Tensor.from(device, [1], [1, 1, 1, 1]);
  weight.requiresGrad = true;
  backward(conv2d(image, weight, null), Tensor.from(device, dy, shape));
  const expected = x.reduce((sum, value, i) => sum + value * dy[i]!, 0);
  // Sums of 256, of 256 and of 8 numbers: each addition and the product are off by 2^-24 at most.
  expect(Math.abs((await weight.grad!.item()) / expected - 1)).toBeLessThan((256 + 256 + 8 + 1) * 2 ** -24);
});

test.each([
  [2 ** 21, 2048],
  [2 ** 31 + 12345, 512],
  [0xffff_ffff, 65535],
  [3_000_017, 2047],
  [7, 16],
])('%i pixels in %i shares begin where the formula ⌊all · z / splits⌋ says', async (all, splits) => {
  const code = `${sourceText('conv2d/parts/shares')}
    @group(0) @binding(0) var<storage, read_write> out: array<u32>;
    @compute @workgroup_size(64)
    fn main(@builtin(global_invocation_id) id: vec3u) {
      if (id.x <= k.splits) { out[id.x] = shareStart(${all}u, id.x); }
    }`;
  const out = Tensor.from(device, new Uint32Array(splits + 1), [splits + 1], 'u32');
  device.launch({
    kernel: { name: 'shares', code, access: 'w', constants: {} },
    bindings: [out.slice],
    immediates: immediates(...new Array(12).fill(0), splits, 0),
    workgroups: [Math.ceil((splits + 1) / 64), 1, 1],
    label: 'shares',
    flops: 0,
    bytes: 0,
  });
  const starts = new Uint32Array(await device.read(out.slice)).slice(0, splits + 1);
  const expected = Array.from({ length: splits + 1 }, (_, z) => Number((BigInt(all) * BigInt(z)) / BigInt(splits)));
  expect([...starts]).toEqual(expected);
  out.dispose();
});
