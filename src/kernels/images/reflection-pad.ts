/** Reflection padding as an operation of its own; convolutions fold the padding into their own loads instead. */
import type { Device } from '../../gpu/device.ts';
import { type BufferSlice, immediates, type Launch } from '../../gpu/launch.ts';
import { flatGrid } from '../flat-grid.ts';
import { DTYPE_BYTES, type FloatDType, kernel, VEC4 } from '../source.ts';

/** x is [n, h, w, c]; the padded image is [n, top + h + bottom, left + w + right, c]. */
interface ReflectionPadProblem {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly c: number;
  /** Left, right, top, bottom. */
  readonly pad: readonly [number, number, number, number];
  readonly dtype: FloatDType;
}

interface ReflectionPadArguments {
  readonly x: BufferSlice;
  readonly out: BufferSlice;
}

/** out = x with its border mirrored outwards, the edge itself not repeated. */
export function reflectionPad(device: Device, problem: ReflectionPadProblem, { x, out }: ReflectionPadArguments): void {
  const { n, h, w, c, pad, dtype } = problem;
  launch(device, problem, {
    kernel: kernel('images/reflection-pad', {}, { dtype }),
    bindings: [x, out],
    count: n * (h + pad[2] + pad[3]) * (w + pad[0] + pad[1]) * c,
    width: 1,
  });
}

interface ReflectionPadBackwardArguments {
  readonly gradOutput: BufferSlice;
  readonly gradX: BufferSlice;
  /** [c] in f32, added to each channel. */
  readonly bias: BufferSlice | null;
  /** Of the shape of gradX, added to it. */
  readonly addend: BufferSlice | null;
}

/** gradX = the sum of gradOutput over all places that each pixel was copied to, plus the bias and the addend. */
export function reflectionPadBackward(
  device: Device,
  problem: ReflectionPadProblem,
  { gradOutput, gradX, bias, addend }: ReflectionPadBackwardArguments,
): void {
  const { n, h, w, c, dtype } = problem;
  const width = c % 4 === 0 ? 4 : 1;
  const instead = width === 4 ? VEC4 : {};
  launch(device, problem, {
    kernel: kernel(
      'images/reflection-pad-backward',
      { BIAS: bias ? 1 : 0, ADDEND: addend ? 1 : 0 },
      { dtype, instead },
    ),
    bindings: [gradOutput, bias ?? gradOutput, addend ?? gradOutput, gradX],
    count: n * h * w * (c / width),
    width,
  });
}

/** What the two have of their own. */
interface PadLaunch extends Pick<Launch, 'kernel' | 'bindings'> {
  /** Of invocations, … */
  readonly count: number;
  /** … and the channels of each. */
  readonly width: number;
}

function launch(
  device: Device,
  { n, h, w, c, pad: [left, right, top, bottom], dtype }: ReflectionPadProblem,
  { kernel, bindings, count, width }: PadLaunch,
): void {
  device.launch({
    kernel,
    bindings,
    immediates: immediates(count, h, w, c / width, left, right, top, bottom),
    workgroups: flatGrid(device, count),
    label: kernel.name,
    flops: 0,
    bytes: DTYPE_BYTES[dtype] * n * c * (h * w + (h + top + bottom) * (w + left + right)),
  });
}
