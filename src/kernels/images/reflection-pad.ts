/** Reflection padding as an operation of its own; convolutions fold the padding into their own loads instead. */
import type { Device } from '../../gpu/device.ts';
import { type BufferSlice, immediates, type Kernel } from '../../gpu/launch.ts';
import { flatGrid } from '../elementwise.ts';
import { DTYPE_BYTES, type FloatDType, kernel, VEC4 } from '../source.ts';

/** x is [n, h, w, c]; the padded image is [n, top + h + bottom, left + w + right, c]. */
export interface ReflectionPadProblem {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly c: number;
  /** Left, right, top, bottom. */
  readonly pad: readonly [number, number, number, number];
  readonly dtype: FloatDType;
}

/** out = x with its border mirrored outwards, the edge itself not repeated. */
export function reflectionPad(device: Device, problem: ReflectionPadProblem, x: BufferSlice, out: BufferSlice): void {
  const { n, h, w, c, pad } = problem;
  const count = n * (h + pad[2] + pad[3]) * (w + pad[0] + pad[1]) * c;
  launch(device, kernel('images/reflection-pad', {}, { dtype: problem.dtype }), problem, count, [x, out]);
}

/** gradX = the sum of gradOutput over all places that each pixel was copied to, plus a bias [c] in f32 if one is given. */
export function reflectionPadBackward(
  device: Device,
  problem: ReflectionPadProblem,
  gradOutput: BufferSlice,
  gradX: BufferSlice,
  bias: BufferSlice | null = null,
): void {
  const { n, h, w, c, dtype } = problem;
  const width = c % 4 === 0 ? 4 : 1;
  const code = kernel(
    'images/reflection-pad-backward',
    { BIAS: bias ? 1 : 0 },
    { dtype, instead: width === 4 ? VEC4 : {} },
  );
  launch(
    device,
    code,
    { ...problem, c: c / width },
    n * h * w * (c / width),
    [gradOutput, bias ?? gradOutput, gradX],
    width,
  );
}

/** @param width channels of an invocation; extents and `count` are in such. */
function launch(
  device: Device,
  code: Kernel,
  { n, h, w, c, pad: [left, right, top, bottom], dtype }: ReflectionPadProblem,
  count: number,
  bindings: BufferSlice[],
  width = 1,
): void {
  device.launch({
    kernel: code,
    bindings,
    immediates: immediates(count, h, w, c, left, right, top, bottom),
    workgroups: flatGrid(4 * count),
    label: code.name,
    flops: 0,
    bytes: DTYPE_BYTES[dtype] * width * n * c * (h * w + (h + top + bottom) * (w + left + right)),
  });
}
