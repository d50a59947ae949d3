import type { Device } from '../../gpu/device.ts';
import { bicubicTable, type Resampling, resample } from '../../kernels/images/image.ts';
import { Tensor } from '../../tensor/tensor.ts';

/** Resizes one axis of an image, bicubic. To be called in a scope, which frees the weights. */
export function resizeAxis(
  device: Device,
  axis: Resampling,
  levels: Omit<Parameters<typeof resample>[2], 'table' | 'taps'>,
): void {
  const { taps, values } = bicubicTable(axis.length, axis.outLength);
  const table = Tensor.empty(device, [values.length], 'u32');
  // Integers with a sign, as the kernel reads their bits.
  table.upload(new Uint32Array(values.buffer));
  resample(device, axis, { ...levels, table: table.slice, taps });
}
