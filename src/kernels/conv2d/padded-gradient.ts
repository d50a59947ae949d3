/** Input gradients under reflection: those of the padded image, folded. */
import type { Device } from '../../gpu/device.ts';
import { reflectionPadBackward } from '../images/reflection-pad.ts';
import { DTYPE_BYTES } from '../source.ts';
import { withTemporary } from '../sum-parts.ts';
import type { InputGradArguments } from './arguments.ts';
import { type ConvProblem, convSizes } from './problem.ts';

/** The kernel that folds the gradient of a padded image. */
export const FOLD = 'images/reflection-pad-backward';

/** The one that folds as it adds up what tiles give, see winograd.ts. */
export const FOLD_TILES = 'winograd/input-grad-fold';

/** The problem without reflection whose gradient the kernels for GPUs compute. Under reflection that is the one of the padded image. */
export function padded(k: ConvProblem): ConvProblem {
  const { h, w, padding, paddingMode } = k;
  if (padding === 0 || paddingMode === 'zeros') return k;
  return { ...k, h: h + 2 * padding, w: w + 2 * padding, padding: 0, paddingMode: 'zeros' };
}

/** Whether the gradient of the padded image, which is larger than x, fits into one buffer. */
export function paddedFits({ limits }: Device, k: ConvProblem): boolean {
  return DTYPE_BYTES[k.dtype] * convSizes(padded(k)).x <= limits.maxStorageBufferBindingSize;
}

/**
 * Computes the gradient of a problem by a `launch` that knows no reflection. Under reflection `launch` gets the problem of the padded
 * image, and its gradient is then folded: each mirrored pixel is added to the one that it is a mirror of. To look for mirrors in
 * the product itself would cost every pixel what only those near the border need.
 */
export function unfolded(
  device: Device,
  k: ConvProblem,
  args: InputGradArguments,
  launch: (k: ConvProblem, args: InputGradArguments) => void,
): void {
  const { n, h, w, c, padding, dtype } = k;
  const product = padded(k);
  if (product === k) {
    launch(k, args);
    return;
  }
  if (args.unfolded) {
    launch(product, { ...args, dx: args.unfolded, bias: null });
    return;
  }
  withTemporary(device, DTYPE_BYTES[dtype] * convSizes(product).x, (whole) => {
    launch(product, { ...args, dx: whole, bias: null });
    const pad = [padding, padding, padding, padding] as const;
    const { dx: gradX, bias, addend = null } = args;
    reflectionPadBackward(device, { n, h, w, c, pad, dtype }, { gradOutput: whole, gradX, bias, addend });
  });
}

/** The gradient of a problem without reflection, as a convolution of dy, padded with zeros, with flipped weights. */
export function transposed(k: ConvProblem): ConvProblem {
  const { h, w, c, p, q, o, kh, padding } = k;
  return { ...k, h: p, w: q, c: o, p: h, q: w, o: c, padding: kh - 1 - padding, paddingMode: 'zeros' };
}
