/** Padding along one axis. Convolutions fold zeros and mirrored borders into their own loads instead. */
import type { Device } from '../gpu/device.ts';
import { type BufferSlice, immediates } from '../gpu/launch.ts';
import { flatGrid } from './flat-grid.ts';
import { DTYPE_BYTES, type FloatDType, kernel } from './source.ts';

/** Zeros, the edge repeated, or mirrored without repeating the edge. */
export type PadMode = 'zero' | 'edge' | 'reflect';

/** The values of the kernels' `override` constant MODE. */
const CODES: Readonly<Record<PadMode, number>> = { zero: 0, edge: 1, reflect: 2 };

/** x is [outer, size, inner], the padded tensor [outer, before + size + after, inner]. */
export interface PadProblem {
  readonly mode: PadMode;
  readonly outer: number;
  readonly size: number;
  readonly inner: number;
  readonly before: number;
  readonly after: number;
  readonly dtype: FloatDType;
}

/** out = x with so many elements before and after. */
export function pad(device: Device, problem: PadProblem, { x, out }: { x: BufferSlice; out: BufferSlice }): void {
  const { outer, size, inner, before, after } = problem;
  launch(device, problem, 'elementwise/pad', [x, out], outer * (before + size + after) * inner);
}

/** gradX = the sum of gradOutput over all places that each element was copied to. */
export function padBackward(
  device: Device,
  problem: PadProblem,
  { gradOutput, gradX }: { gradOutput: BufferSlice; gradX: BufferSlice },
): void {
  const { outer, size, inner } = problem;
  launch(device, problem, 'elementwise/pad-backward', [gradOutput, gradX], outer * size * inner);
}

function launch(
  device: Device,
  { mode, outer, size, inner, before, after, dtype }: PadProblem,
  name: string,
  bindings: readonly BufferSlice[],
  count: number,
): void {
  device.launch({
    kernel: kernel(name, { MODE: CODES[mode] }, { dtype }),
    bindings,
    immediates: immediates(count, size, inner, before, after),
    workgroups: flatGrid(device, count),
    label: name,
    flops: 0,
    bytes: DTYPE_BYTES[dtype] * outer * inner * (2 * size + before + after),
  });
}
