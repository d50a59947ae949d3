/** Reflection padding as an operation of its own; convolutions fold the padding into their own loads instead. */
import type { Device } from '../gpu/device.ts';
import { type BufferSlice, immediates } from '../gpu/launch.ts';
import { flatGrid } from './elementwise.ts';
import { kernel, STORED_BYTES, type Stored } from './source.ts';

/** x is [n, h, w, c]; the padded image is [n, top + h + bottom, left + w + right, c]. */
export interface ReflectionPadProblem {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly c: number;
  /** Left, right, top, bottom. */
  readonly pad: readonly [number, number, number, number];
  readonly stored: Stored;
}

/** out = x with its border mirrored outwards, the edge itself not repeated. */
export function reflectionPad(device: Device, problem: ReflectionPadProblem, x: BufferSlice, out: BufferSlice): void {
  const { n, h, w, c, pad } = problem;
  const count = n * (h + pad[2] + pad[3]) * (w + pad[0] + pad[1]) * c;
  launch(device, 'reflection_pad', problem, count, [x, out]);
}

/** gradX = the sum of gradOutput over all places that each pixel was copied to. */
export function reflectionPadBackward(
  device: Device,
  problem: ReflectionPadProblem,
  gradOutput: BufferSlice,
  gradX: BufferSlice,
): void {
  const { n, h, w, c } = problem;
  launch(device, 'reflection_pad_backward', problem, n * h * w * c, [gradOutput, gradX]);
}

function launch(
  device: Device,
  name: string,
  { n, h, w, c, pad: [left, right, top, bottom], stored }: ReflectionPadProblem,
  count: number,
  bindings: BufferSlice[],
): void {
  device.launch({
    kernel: kernel(name, 'rw', {}, { stored }),
    bindings,
    immediates: immediates(count, h, w, c, left, right, top, bottom),
    workgroups: flatGrid(4 * count),
    label: name,
    flops: 0,
    bytes: STORED_BYTES[stored] * n * c * (h * w + (h + top + bottom) * (w + left + right)),
  });
}
