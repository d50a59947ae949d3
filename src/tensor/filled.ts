import type { Device } from '../gpu/device.ts';
import { fill } from '../kernels/elementwise.ts';
import type { FloatDType } from '../kernels/source.ts';
import { Tensor } from './tensor.ts';

/** A tensor with one value in every place. */
export function filled(device: Device, shape: readonly number[], value: number, dtype: FloatDType = 'f32'): Tensor {
  const out = Tensor.empty(device, shape, dtype);
  fill(device, { value, out: out.slice, count: out.size, dtype });
  return out;
}
