import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { conv2d } from '../../../src/autograd/conv2d.ts';
import { Device } from '../../../src/gpu/device.ts';
import { CyclopsError } from '../../../src/gpu/errors.ts';
import { convForward } from '../../../src/kernels/conv2d/forward.ts';
import {
  adoptChoices,
  choose,
  decide,
  exportChoices,
  forceVariants,
  importChoices,
} from '../../../src/kernels/tuning/choices.ts';
import { convProblem } from '../../../src/kernels/tuning/odd-problems.ts';
import { register, supportedVariants } from '../../../src/kernels/variant.ts';
import { scope } from '../../../src/tensor/scope.ts';
import { Tensor } from '../../../src/tensor/tensor.ts';
import { double, scaling } from './toy/double.ts';

let device: Device;
beforeEach(async () => {
  device = await Device.open();
});
afterEach(() => {
  device.close();
  vi.unstubAllEnvs();
});

/** 8 → 8 channels: every variant but thin_output can. */
const wide = convProblem([1, 9, 9, 8], 8, [3, 1, 1]);
/** 3 → 5 channels: none that wants multiples of 4 can. */
const odd = convProblem([1, 9, 9, 3], 5, [3, 1, 1]);
const key = 'conv2d.forward 3×3 s1 p1 zeros [1,9,9,8]→[1,9,9,8] f32';
const chosen = (k = wide) => choose(device, convForward, k).name;

/** Kernels that a convolution launches. */
function launched(): string[] {
  const body = () =>
    scope(() => {
      conv2d(Tensor.empty(device, [1, 9, 9, 8]), Tensor.empty(device, [3, 3, 8, 8]), null, { padding: 1 });
    });
  return device.trace(body).launches.map(({ kernel }) => kernel.name);
}

describe('the default', () => {
  const variants = [
    { ...scaling('for a gpu', {}), madeFor: 'gpu' as const },
    { ...scaling('for a cpu', {}), madeFor: 'cpu' as const },
    scaling('for any', {}),
    scaling('obvious', {}),
  ];
  const order = (software: boolean) => {
    const info = { ...device.info, software };
    const like: Device = Object.create(device, { info: { value: info } });
    return supportedVariants(like, double(...variants), { count: 1 }).map(({ name }) => name);
  };

  test('is one made for this kind of adapter; the obvious one comes before those for GPUs on a CPU', () => {
    expect(order(true)).toEqual(['for a cpu', 'for any', 'obvious', 'for a gpu']);
    expect(order(false)).toEqual(['for a gpu', 'for any', 'for a cpu', 'obvious']);
  });

  test('stays when a variant is registered', () => {
    const operation = double(...variants);
    register(operation, scaling('new', {}));
    expect(operation.variants.map(({ name }) => name)).toEqual([
      ...['for a gpu', 'for a cpu', 'for any', 'new', 'obvious'],
    ]);
    expect(() => register(operation, scaling('new', {}))).toThrow(CyclopsError);
  });
});

describe('forcing', () => {
  test('makes an operation launch the kernel it names', () => {
    const before = launched();
    forceVariants(device, ['conv2d.forward=naive']);
    expect(before).not.toContain('conv2d/forward-naive');
    expect(launched()).toEqual(['conv2d/forward-naive']);
  });

  test('works by the environment, and is overruled operation by operation', () => {
    vi.stubEnv('CYCLOPS_VARIANT', 'conv2d.forward=thin_input, reduce=naive');
    expect(launched()).toEqual(['conv2d/forward-thin-input']);
    forceVariants(device, ['instanceNorm.forward=naive,conv2d.forward=naive']);
    expect(launched()).toEqual(['conv2d/forward-naive']);
    forceVariants(device, []);
    expect(launched()).toEqual(['conv2d/forward-thin-input']);
  });

  test('wins over a measurement', () => {
    decide(device, key, 'tiled');
    forceVariants(device, ['conv2d.forward=naive']);
    decide(device, key, 'tiled');
    expect(chosen()).toBe('naive');
  });

  test('leaves a problem that the variant does not support to the default', () => {
    const [standard, oddStandard] = [chosen(), chosen(odd)];
    forceVariants(device, ['conv2d.forward=thin_output']);
    expect(chosen()).toBe(standard);
    expect(chosen(convProblem([1, 9, 9, 8], 3, [3, 1, 1]))).toBe('thin_output');
    forceVariants(device, ['conv2d.forward=tiled']);
    expect(chosen(odd)).toBe(oddStandard);
  });

  test.each([
    ['conv=naive', /no operation 'conv'.*conv2d\.forward, .*reduce/],
    ['conv2d.forward=huge', /conv2d\.forward has no variant 'huge'.*tiled.*naive/],
    ['conv2d.forward', /OPERATION=VARIANT.*'conv2d\.forward'/],
    ['reduce=naive=split', /OPERATION=VARIANT/],
  ])('by %s says what there is', (text, message) => {
    expect(() => forceVariants(device, [text])).toThrow(CyclopsError);
    expect(() => forceVariants(device, [text])).toThrow(message);
  });

  test('by a wrong CYCLOPS_VARIANT says that', () => {
    vi.stubEnv('CYCLOPS_VARIANT', 'reduce=huge');
    expect(() => chosen()).toThrow(CyclopsError);
    expect(() => chosen()).toThrow(/^CYCLOPS_VARIANT: reduce has no variant 'huge'/);
  });
});

test('a batch of another size adopts the choices of a body, and no other problem does', () => {
  const wideOf = (n: number) => convProblem([n, 9, 9, 8], 8, [3, 1, 1]);
  const oddOf = (n: number) => convProblem([n, 9, 9, 3], 5, [3, 1, 1]);
  const body = (n: number) => () => {
    for (const k of [wideOf(n), oddOf(n), wideOf(n)]) choose(device, convForward, k);
  };
  const standard = chosen(wideOf(3));
  decide(device, 'conv2d.forward 3×3 s1 p1 zeros [4,9,9,8]→[4,9,9,8] f32', 'thin_input');
  adoptChoices(device, body(4), body(2));
  expect([chosen(wideOf(2)), chosen(wideOf(3))]).toEqual(['thin_input', standard]);
  expect(chosen(oddOf(2))).toBe(chosen(oddOf(4)));
  expect(() => adoptChoices(device, body(4), () => choose(device, convForward, wideOf(2)))).toThrow(/3 and 1 problems/);
});

describe('choices for a later process', () => {
  const oddKey = 'conv2d.forward 3×3 s1 p1 zeros [1,9,9,3]→[1,9,9,5] f32';
  /** Problems as a step would meet them, some of them twice. */
  const meet = () => {
    for (const k of [wide, odd, wide]) choose(device, convForward, k);
  };

  test('are those of the body, whether default, measured or forced, and of nothing else', () => {
    const [standard, oddStandard] = [chosen(), chosen(odd)];
    choose(device, convForward, convProblem([1, 5, 5, 8], 8, [3, 1, 1]));
    expect(exportChoices(device, meet)).toEqual({ [key]: standard, [oddKey]: oddStandard });
    decide(device, key, 'thin_input');
    expect(exportChoices(device, meet)).toEqual({ [key]: 'thin_input', [oddKey]: oddStandard });
    forceVariants(device, ['conv2d.forward=tiled']);
    expect(exportChoices(device, meet)).toEqual({ [key]: 'tiled', [oddKey]: oddStandard });
  });

  test('are followed as if measured', () => {
    expect(importChoices(device, { [key]: 'thin_input' })).toEqual([]);
    expect(chosen()).toBe('thin_input');
    expect(exportChoices(device, () => void chosen())).toEqual({ [key]: 'thin_input' });
  });

  test('that do not exist here are named and left alone', () => {
    const standard = chosen();
    const gone = { 'dance [3] f32': 'naive', [key]: 'forgotten', 'conv2d.forwards [1] f32': 'naive' };
    expect(importChoices(device, gone)).toEqual(Object.keys(gone));
    expect(chosen()).toBe(standard);
  });

  test('that this device does not support give way to the default', () => {
    const standard = chosen(odd);
    importChoices(device, { [oddKey]: 'tiled' });
    expect(chosen(odd)).toBe(standard);
  });
});
