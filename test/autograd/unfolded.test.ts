import { afterAll, beforeAll, expect, test } from 'vitest';
import { conv2d } from '../../src/autograd/conv2d.ts';
import { instanceNorm } from '../../src/autograd/instance-norm.ts';
import { mseLoss } from '../../src/autograd/losses/mse-loss.ts';
import { scale } from '../../src/autograd/scale.ts';
import { backward } from '../../src/autograd/tape.ts';
import type { Device } from '../../src/gpu/device.ts';
import { forceVariants } from '../../src/kernels/tuning/choices.ts';
import { cast } from '../../src/tensor/cast.ts';
import { scope } from '../../src/tensor/scope.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { random } from '../oracles/compare.ts';
import { expectClose, leaf, openPoisoned } from './support.ts';

let device: Device;
beforeAll(async () => {
  device = await openPoisoned();
});
afterAll(() => device.close());

interface Case {
  n: number;
  h: number;
  w: number;
  c: number;
  padding: number;
  /** What else uses the norm's result, and so sends a gradient of its own: nothing, something before, or something behind the convolution. */
  beside: 'nothing' | 'earlier' | 'later';
  affine: boolean;
  residual: boolean;
  dtype: 'f32' | 'f16';
}

const CASES: [string, Case][] = [
  ['alone', { n: 2, h: 33, w: 37, c: 4, padding: 1, beside: 'nothing', affine: false, residual: false, dtype: 'f32' }],
  [
    'of 7 × 7, affine',
    { n: 1, h: 29, w: 40, c: 36, padding: 3, beside: 'nothing', affine: true, residual: false, dtype: 'f32' },
  ],
  [
    'with what came before',
    { n: 2, h: 40, w: 27, c: 8, padding: 2, beside: 'earlier', affine: false, residual: true, dtype: 'f32' },
  ],
  [
    'with what comes after',
    { n: 1, h: 33, w: 32, c: 4, padding: 1, beside: 'later', affine: false, residual: false, dtype: 'f32' },
  ],
  ['in f16', { n: 2, h: 33, w: 35, c: 8, padding: 1, beside: 'nothing', affine: true, residual: false, dtype: 'f16' }],
  [
    'as wide as the image allows',
    { n: 1, h: 5, w: 210, c: 4, padding: 4, beside: 'nothing', affine: false, residual: false, dtype: 'f32' },
  ],
];

/** Fresh numbers for the leaves of a case, with their shapes. */
function numbersOf({ n, h, w, c, padding, affine, residual }: Case): [Float32Array, number[]][] {
  const side = 2 * padding + 1;
  const shapes = [[n, h, w, c], [side, side, c, c], ...(affine ? [[c], [c]] : []), ...(residual ? [[n, h, w, c]] : [])];
  return shapes.map((shape) => [random(shape.reduce((a, b) => a * b)), shape]);
}

/** The gradients of all leaves. @param between whether something stands between the norm and the convolution, which changes no bit */
async function gradients(of: Case, numbers: ReturnType<typeof numbersOf>, between: boolean) {
  const leaves = numbers.map(([values, shape]) => leaf(device, values, shape));
  const [image, weight, ...others] = leaves;
  if (!image || !weight) throw new Error('unreachable');
  const [gamma, beta] = of.affine ? others : [];
  const residual = of.residual ? others.at(-1) : undefined;
  const body = () => {
    const x = cast(image, of.dtype);
    const settings = {
      activation: of.residual ? ('none' as const) : ('relu' as const),
      ...(gamma && beta && { weight: gamma, bias: beta }),
      ...(residual && { residual: cast(residual, of.dtype) }),
    };
    const normed = instanceNorm(x, settings);
    const seen = between ? scale(normed, 1) : normed;
    const convolved = conv2d(seen, weight, null, { padding: of.padding, paddingMode: 'reflect' });
    // As in a residual block, whose skip has its gradient before the convolution has.
    const made = of.beside === 'earlier' ? instanceNorm(convolved, { residual: normed }) : convolved;
    const losses = [mseLoss(made, 0.5)];
    if (of.beside === 'later') losses.push(mseLoss(scale(normed, 3), 0));
    backward(losses);
  };
  const { launches } = device.trace(() => scope(body));
  for (const leaf of leaves) leaf.grad?.dispose();
  for (const leaf of leaves) leaf.grad = null;
  scope(body);
  const found = await Promise.all(leaves.map((leaf) => leaf.grad?.data()));
  for (const leaf of leaves) leaf.dispose();
  return { found, names: launches.map(({ kernel }) => kernel.name) };
}

function differing(found: Float32Array = new Float32Array(), expected: Float32Array = new Float32Array()): number {
  return Math.max(found.length, expected.length) === 0
    ? Number.NaN
    : found.reduce((count, value, i) => count + (Object.is(value, expected[i]) ? 0 : 1), 0);
}

const APART = 'images/reflection-pad-backward';
const ON_THE_WAY = 'instance-norm/grad-split-sums-folded';

test.each(CASES)(
  'a norm folds the gradient of a convolution behind it on the way, with the same bits in f32: %s',
  async (_, of) => {
    forceVariants(device, ['conv2d.inputGrad=tiled64x16', 'instanceNorm.backward=split']);
    const numbers = numbersOf(of);
    const apart = await gradients(of, numbers, true);
    const together = await gradients(of, numbers, false);
    expect(apart.names).toContain(APART);
    expect(apart.names).not.toContain(ON_THE_WAY);
    // What comes afterwards is added to what is folded by then.
    const late = of.beside === 'later';
    expect([ON_THE_WAY, APART].map((name) => together.names.includes(name))).toEqual([!late, late]);
    for (const [i, gradient] of together.found.entries()) {
      expect(gradient?.every(Number.isFinite)).toBe(true);
      // A driver may keep a sum as it was before it was rounded to f16.
      if (of.dtype === 'f32') expect(differing(gradient, apart.found[i])).toBe(0);
      else expectClose(gradient ?? [], apart.found[i] ?? [], 1e-3);
    }
  },
);

test.each(['plane', 'vec4', 'workgroup', 'naive'])('a norm by %s has it folded first', async (variant) => {
  const [, of] = CASES[2] ?? [];
  if (!of) throw new Error('no case');
  forceVariants(device, ['conv2d.inputGrad=tiled64x16', `instanceNorm.backward=${variant}`]);
  const numbers = numbersOf(of);
  const { found, names } = await gradients(of, numbers, false);
  expect(names).toContain(APART);
  expect(names).not.toContain(ON_THE_WAY);
  const apart = await gradients(of, numbers, true);
  expect(found.map((gradient, i) => differing(gradient, apart.found[i]))).toEqual([0, 0, 0]);
});

test('nothing is folded that nobody asks for', async () => {
  forceVariants(device, ['conv2d.inputGrad=tiled64x16', 'instanceNorm.backward=split']);
  const image = Tensor.from(device, random(4 * 33 * 33), [1, 33, 33, 4]);
  const weight = Tensor.from(device, random(3 * 3 * 4 * 4), [3, 3, 4, 4]);
  weight.requiresGrad = true;
  const { launches } = device.trace(() =>
    scope(() =>
      backward(mseLoss(conv2d(instanceNorm(image), weight, null, { padding: 1, paddingMode: 'reflect' }), 0)),
    ),
  );
  expect(launches.filter(({ kernel: { name } }) => name === APART || name.includes('grad-split'))).toEqual([]);
  weight.grad?.dispose();
  for (const tensor of [image, weight]) tensor.dispose();
});
