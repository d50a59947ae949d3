import type { Device } from '../../gpu/device.ts';
import { type BufferSlice, ceilDiv, immediates } from '../../gpu/launch.ts';
import { DTYPE_BYTES, type FloatDType, kernel } from '../source.ts';
import { withTemporary } from '../sum-parts.ts';

/** How a tensor differs from another. */
interface Comparison {
  /** The largest difference of two elements, among those of the first that are finite. */
  readonly difference: number;
  /** The largest element of the second. */
  readonly largest: number;
  /** Whether the first holds no NaN and nothing infinite. */
  readonly finite: boolean;
}

const MAX_GROUPS = 256;

interface CompareArguments {
  readonly a: BufferSlice;
  readonly b: BufferSlice;
  /** Elements that are compared, the first ones. */
  readonly count: number;
  /** Of both. */
  readonly dtype: FloatDType;
}

/** Compares two tensors on the device; waits for everything recorded so far. */
export async function compare(device: Device, { a, b, count, dtype }: CompareArguments): Promise<Comparison> {
  const workgroups = Math.min(ceilDiv(count, 4 * 256), MAX_GROUPS);
  const found = await withTemporary(device, 16 * workgroups, (out) => {
    device.launch({
      kernel: kernel('elementwise/compare', {}, { dtype }),
      bindings: [a, b, out],
      immediates: immediates(count),
      workgroups: [workgroups, 1, 1],
      label: 'compare',
      flops: 4 * count,
      bytes: 2 * DTYPE_BYTES[dtype] * count,
    });
    return device.read(out);
  });
  const values = new Float32Array(found);
  const largestOf = (field: number) => {
    let largest = 0;
    for (let group = 0; group < workgroups; group++) largest = Math.max(largest, values[4 * group + field] ?? 0);
    return largest;
  };
  return { difference: largestOf(0), largest: largestOf(1), finite: largestOf(2) === 0 };
}
