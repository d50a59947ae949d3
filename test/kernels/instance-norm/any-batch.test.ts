import { afterAll, beforeAll, expect, test } from 'vitest';
import { instanceNorm } from '../../../src/autograd/instance-norm.ts';
import { backward } from '../../../src/autograd/tape.ts';
import type { Device } from '../../../src/gpu/device.ts';
import type { Launch } from '../../../src/gpu/launch.ts';
import { instanceNormBackward } from '../../../src/kernels/instance-norm/backward.ts';
import { instanceNormForward } from '../../../src/kernels/instance-norm/forward.ts';
import type { NormProblem } from '../../../src/kernels/instance-norm/problem.ts';
import { cast } from '../../../src/tensor/cast.ts';
import { Tensor } from '../../../src/tensor/tensor.ts';
import { expectClose, gradOf, leaf, openPoisoned } from '../../autograd/support.ts';
import { random } from '../../oracles/compare.ts';
import * as oracle from '../../oracles/instance-norm.ts';

const LIMIT = 256;

let device: Device;
/** The same device, which takes no more workgroups than {@link LIMIT} in a dimension. */
let narrow: Device;
beforeAll(async () => {
  device = await openPoisoned();
  const limits = Object.create(device.limits, { maxComputeWorkgroupsPerDimension: { value: LIMIT } });
  const launch = (record: Launch) => {
    expect(Math.max(...record.workgroups)).toBeLessThanOrEqual(LIMIT);
    device.launch(record);
  };
  narrow = Object.create(device, { limits: { value: limits }, launch: { value: launch } });
});
afterAll(() => device.close());

/** In parts of 256 images: several with a rest, and a rest of one image; small images, odd channels, shares of pixels. */
const problems: NormProblem[] = [
  { n: 600, pixels: 3, channels: 4, dtype: 'f32' },
  { n: 513, pixels: 3, channels: 5, dtype: 'f16' },
  { n: 257, pixels: 7, channels: 36, dtype: 'f16' },
  { n: 258, pixels: 1030, channels: 4, dtype: 'f32' },
];

const tensor = (values: Float32Array, dtype: 'f32' | 'f16') =>
  cast(Tensor.from(device, values, [values.length]), dtype);

/**
 * Random images whose first pixels differ by 2 and more. Among thousands of planes of three pixels, one is almost flat by chance: its
 * deviation is then rounding, and no kernel comes near the oracle's.
 */
function spread({ n, pixels, channels }: NormProblem): Float32Array {
  return random(n * pixels * channels).map((value, i) => value + 4 * (Math.floor(i / channels) % pixels === 0 ? 1 : 0));
}

const cases = problems.flatMap((problem) =>
  instanceNormForward.variants.map(({ name }) => ({ ...problem, name, problem })),
);

test.for(cases)(
  '$name of $n images of $pixels × $channels in $dtype, where a launch takes 256',
  async ({ name, problem }, { skip }) => {
    const forward = instanceNormForward.variants.find((variant) => variant.name === name);
    const back = instanceNormBackward.variants.find((variant) => variant.name === name);
    if (!forward || !back) throw new Error(`No pair of variants is named ${name}.`);
    skip(!forward.supports(narrow, problem), 'this variant is not for this problem');
    const { n, pixels, channels, dtype } = problem;
    const size = n * pixels * channels;
    const [x, residual, dy] = [spread(problem), random(size), random(size)].map((values) => tensor(values, dtype));
    const [gamma, beta] = [random(channels), random(channels)].map((values) => tensor(values, 'f32'));
    const [y, dx] = [0, 0].map(() => Tensor.empty(device, [size], dtype));
    const [stats, sums] = [0, 0].map(() => Tensor.empty(device, [2 * n * channels]));
    const all = [x, residual, dy, gamma, beta, y, dx, stats, sums];
    const common = { eps: 1e-5, activation: 'tanh', affine: { gamma: gamma!.slice, beta: beta!.slice } } as const;
    forward.launch(narrow, problem, {
      ...common,
      ...{ x: x!.slice, residual: residual!.slice, stats: stats!.slice, y: y!.slice },
    });
    back.launch(narrow, problem, {
      ...common,
      ...{ x: x!.slice, stats: stats!.slice, dy: dy!.slice, sums: sums!.slice, dx: dx!.slice },
    });
    const read = await Promise.all(all.map((one) => one!.data()));
    const expected = oracle.instanceNorm(
      [n, pixels, channels],
      ...([read[0]!, read[3]!, read[4]!, read[2]!] as const),
      oracle.activations.tanh,
    );
    const skipped = expected.y.map((value, i) => value + read[1]![i]!);
    const tolerance = dtype === 'f16' ? 2e-3 : 2e-5;
    expectClose(read[5]!, skipped, tolerance);
    expectClose(read[6]!, expected.dx, tolerance);
    expectClose(read[7]!, expected.stats, 2e-5);
    expectClose(read[8]!, expected.sums, 2e-5);
    for (const one of all) one!.dispose();
  },
);

test.each([4, 1])('a batch of 65,537 images of two pixels and %i channels, forward and backward', async (channels) => {
  const n = 65_537;
  const [values, weights] = [random(n * 2 * channels), random(n * 2 * channels)];
  const shape = [n, 1, 2, channels];
  const x = leaf(device, values, shape);
  const gamma = leaf(device, random(channels), [channels]);
  const beta = leaf(device, random(channels), [channels]);
  const y = instanceNorm(x, { weight: gamma, bias: beta });
  backward(y, Tensor.from(device, weights, shape));
  const [g, b] = [await gamma.data(), await beta.data()];
  const expected = oracle.instanceNorm([n, 2, channels], values, g, b, weights, oracle.activations.none);
  expectClose(await y.data(), expected.y, 1e-4);
  expectClose(await gradOf(x), expected.dx, 1e-3);
  const total = (row: number) =>
    Float64Array.from({ length: channels }, (_, c) =>
      Array.from({ length: n }, (_, i) => expected.sums[(2 * i + row) * channels + c]!).reduce((sum, v) => sum + v, 0),
    );
  const scale = Math.sqrt(n);
  for (const [gradient, row] of [
    [await gradOf(beta), 0],
    [await gradOf(gamma), 1],
  ] as const) {
    for (const [c, sum] of total(row).entries()) expect(Math.abs(gradient[c]! - sum) / scale).toBeLessThan(1e-3);
  }
});
