import type { BufferSlice } from '../../gpu/launch.ts';
import { DTYPE_BYTES } from '../source.ts';
import type { Variant } from '../variant.ts';
import type { NormProblem } from './problem.ts';

/** Parts of a batch begin at multiples of so many images: every tensor of a part then begins where a binding may, in any dtype. */
const STEP = 256;

/** Cuts the images of one part of a batch out of the batch's tensors. */
export interface Cut {
  /** Of a tensor [N, pixels, C] in the dtype of x. */
  images(slice: BufferSlice): BufferSlice;
  /** Of a tensor [N, 2, C] of f32. */
  statistics(slice: BufferSlice): BufferSlice;
}

/**
 * Makes a variant whose grid has a dimension of images take batches of any size: a device limits that dimension, so what lies beyond is
 * launched after it.
 *
 * @param cutArguments the arguments for one part of the batch
 */
export function forAnyBatch<Args>(
  variant: Variant<NormProblem, Args>,
  cutArguments: (args: Args, cut: Cut) => Args,
): Variant<NormProblem, Args> {
  return {
    ...variant,
    launch(device, k, args) {
      const limit = device.limits.maxComputeWorkgroupsPerDimension;
      if (k.n <= limit) {
        variant.launch(device, k, args);
        return;
      }
      const most = Math.floor(limit / STEP) * STEP;
      for (let first = 0; first < k.n; first += most) {
        const n = Math.min(most, k.n - first);
        variant.launch(device, { ...k, n }, cutArguments(args, cutOf(k, first, n)));
      }
    },
  };
}

function cutOf({ pixels, channels, dtype }: NormProblem, first: number, n: number): Cut {
  const cut = ({ buffer, offset }: BufferSlice, bytes: number): BufferSlice => ({
    buffer,
    offset: offset + first * bytes,
    size: 16 * Math.ceil((n * bytes) / 16),
  });
  return {
    images: (slice) => cut(slice, DTYPE_BYTES[dtype] * pixels * channels),
    statistics: (slice) => cut(slice, 4 * 2 * channels),
  };
}
