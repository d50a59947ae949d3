/** The last step of a softmax and of its gradient, over the middle axis of [outer, size, inner]; reductions come before. */
import type { Device } from '../gpu/device.ts';
import { type BufferSlice, immediates } from '../gpu/launch.ts';
import { flatGrid } from './flat-grid.ts';
import { DTYPE_BYTES, type FloatDType, kernel } from './source.ts';

interface SoftmaxProblem {
  readonly outer: number;
  readonly size: number;
  readonly inner: number;
  readonly dtype: FloatDType;
}

interface SoftmaxArguments {
  readonly x: BufferSlice;
  /** [outer, inner], in the dtype of x. */
  readonly largest: BufferSlice;
  /** [outer, inner], in f32: Σ e^(x − largest). */
  readonly sums: BufferSlice;
  readonly y: BufferSlice;
}

/** y = e^(x − largest) / sums. */
export function softmax(device: Device, problem: SoftmaxProblem, { x, largest, sums, y }: SoftmaxArguments): void {
  launch(device, problem, 'softmax/apply', [x, largest, sums, y]);
}

interface SoftmaxBackwardArguments {
  readonly y: BufferSlice;
  readonly gradOutput: BufferSlice;
  /** [outer, inner], in f32: Σ gradOutput · y. */
  readonly products: BufferSlice;
  readonly gradX: BufferSlice;
}

/** gradX = y · (gradOutput − products). */
export function softmaxBackward(
  device: Device,
  problem: SoftmaxProblem,
  { y, gradOutput, products, gradX }: SoftmaxBackwardArguments,
): void {
  launch(device, problem, 'softmax/backward', [y, gradOutput, products, gradX]);
}

function launch(
  device: Device,
  { outer, size, inner, dtype }: SoftmaxProblem,
  name: string,
  bindings: BufferSlice[],
): void {
  const count = outer * size * inner;
  device.launch({
    kernel: kernel(name, {}, { dtype }),
    bindings,
    immediates: immediates(count, size, inner),
    workgroups: flatGrid(device, count),
    label: name,
    flops: 3 * count,
    bytes: (bindings.length - 2) * DTYPE_BYTES[dtype] * count,
  });
}
