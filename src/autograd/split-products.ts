import { requireFunction } from '../gpu/arguments.ts';
import type { Device } from '../gpu/device.ts';
import { UnsupportedError } from '../gpu/errors.ts';
import { runSynchronously } from '../gpu/synchronous.ts';
import { offersSplit } from '../kernels/conv2d/matrix-tile.ts';
import { requireDevice } from '../tensor/require-device.ts';

let splitting: Device | null = null;

/** Whether convolutions on a device are recorded inside {@link splitProducts}. */
export function isSplitting(device: Device): boolean {
  return splitting === device;
}

/**
 * Runs `body`, whose convolutions of f32 tensors on the device, and the gradients of these, may multiply on matrix hardware: each number is
 * split into two of f16, and three products of those make one. That is good to 1e-5 in the norm for sums of some thousand products, where
 * no number is 2^30 times as large as most, and meant to be faster. Everything else stays as it is, also convolutions in groups, dilated,
 * or with unlike strides or paddings.
 *
 * @throws UnsupportedError when the device has no matrices of f16 with sums in f32, and a CyclopsError for a body that is no function or returns
 * a promise
 */
export function splitProducts<T>(device: Device, body: () => T): T {
  requireDevice('splitProducts', device);
  requireFunction('splitProducts', body);
  requireSplitProducts(device);
  const before = splitting;
  splitting = device;
  try {
    return runSynchronously('splitProducts', body);
  } finally {
    splitting = before;
  }
}

/** @throws UnsupportedError when the device has no matrices for {@link splitProducts} */
export function requireSplitProducts(device: Device): void {
  if (offersSplit(device)) return;
  throw new UnsupportedError(
    `Products are to be split for matrix hardware, of which ${device.info.name} offers none that the kernels can use here: subgroup matrices of f16 with sums in f32. ` +
      'Use f32, or another device.',
    'chromium-experimental-subgroup-matrix',
  );
}
